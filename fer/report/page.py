"""Figures and tables in, one self-contained HTML page out."""

import base64
import html

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
       padding: 0 1rem }
img { max-width: 100%; height: auto }
pre { background: #f4f4f4; padding: 1rem; overflow: auto }
table { border-collapse: collapse }
th, td { padding: .2rem .9rem; text-align: left }
tr:nth-child(even) { background: #f4f4f4 }
figcaption { color: #555 }
figure { margin: 1rem 0 }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #ddd }
  pre, tr:nth-child(even) { background: #24272d }
  img { background: #fff } figcaption { color: #aaa } }
"""
# Nothing is fetched and nothing runs, whatever a file's fields say.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title, parts):
    """A whole page: `parts` are strings of HTML made by the functions below."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(title)}</h1>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def heading(text):
    """A section's heading."""
    return f"<h2>{html.escape(text)}</h2>"


def paragraph(text):
    """A paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def preformatted(text):
    """Text whose columns line up."""
    return f"<pre>{html.escape(text)}</pre>"


def table(header, rows):
    """A table of plain text."""

    def line(tag, cells):
        return (
            "<tr>"
            + "".join(f"<{tag}>{html.escape(str(c))}</{tag}>" for c in cells)
            + "</tr>"
        )

    return (
        "<table>"
        + line("th", header)
        + "".join(line("td", row) for row in rows)
        + "</table>"
    )


def picture(png, caption):
    """A picture, the bytes of a PNG file, inside the page."""
    encoded, caption = base64.b64encode(png).decode(), html.escape(caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{encoded}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
