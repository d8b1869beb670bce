"""A picture file becomes the faces that it shows, or is refused."""

import importlib.util
import sys
import types

import numpy as np
import pytest
from by_command import python
from PIL import Image

from fer import BadInput
from fer.data import decoding, detect, pictures


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".gif", ".ppm", ".webp"])
def test_a_face_in_its_own_size_is_read_to_the_pixel(drawn, tmp_path, ending):
    path, lossless = tmp_path / f"face{ending}", {}
    if ending == ".webp":
        lossless = {"lossless": True}
    Image.fromarray(drawn.images[0]).save(path, **lossless)
    [face], [square] = pictures.faces(path)
    assert np.array_equal(face, drawn.images[0])
    assert square.tolist() == [0, 0, 48, 48]


@pytest.mark.parametrize("ending", [".jpg", ".avif"])
def test_a_large_photo_taken_whole_shows_its_middle_square(drawn, tmp_path, ending):
    large = np.kron(drawn.images[0], np.ones((5, 5), np.uint8))
    framed = np.pad(large, ((0, 0), (120, 120)), constant_values=255)
    path = tmp_path / f"photo{ending}"
    Image.fromarray(framed).convert("RGB").save(path, quality=95)
    [found], [square] = pictures.faces(path, whole=True)
    assert found.shape == (48, 48) and found.dtype == np.uint8
    assert np.abs(found - drawn.images[0].astype(int)).mean() < 5
    assert square.tolist() == [120, 0, 240, 240]


def test_each_face_that_is_found_is_cut_the_largest_first(drawn, tmp_path, monkeypatch):
    one, other = drawn.images[:2]
    photo = np.full((200, 300), 90, np.uint8)
    photo[20:68, 10:58] = one
    photo[90:186, 150:246] = np.kron(other, np.ones((2, 2), np.uint8))
    found = np.array([[150, 90, 96, 96], [10, 20, 48, 48], [0, 0, 20, 20]])
    monkeypatch.setattr(detect, "squares", lambda picture: found)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    faces, squares = pictures.faces(tmp_path / "photo.png")
    assert squares.tolist() == found[:2].tolist()
    assert np.array_equal(faces[1], one)
    assert np.abs(faces[0] - other.astype(int)).mean() < 5
    assert np.array_equal(pictures.face(tmp_path / "photo.png"), faces[0])


@pytest.mark.parametrize(
    ("squares", "why"),
    [
        (np.empty((0, 4), int), "no face in it was found.*--whole"),
        (np.array([[3, 3, 20, 20]]), "too small to tell: 20 pixels, not 24"),
    ],
)
def test_a_photo_without_a_face_that_tells_is_refused(
    squares, why, rng, tmp_path, monkeypatch
):
    monkeypatch.setattr(detect, "squares", lambda picture: squares)
    path = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (90, 90, 3), np.uint8)).save(path)
    with pytest.raises(BadInput, match=why):
        pictures.faces(path)


@pytest.mark.parametrize("side", [48, 200])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_picture_of_one_grey_has_no_face_in_it(grey, side, tmp_path):
    Image.new("L", (side, side), grey).save(tmp_path / "flat.png")
    for whole in (False, True):
        with pytest.raises(BadInput, match="no face in it"):
            pictures.faces(tmp_path / "flat.png", whole)


@pytest.mark.parametrize(
    "mode", ["L", "RGB", "RGBA", "P", "CMYK", "YCbCr", "I;16", "I;16B"]
)
def test_every_kind_of_pixels_is_read(mode, drawn, tmp_path):
    face = Image.fromarray(drawn.images[0])
    if mode.startswith("I;16"):
        order = ">u2" if mode.endswith("B") else "<u2"
        deep = drawn.images[0].astype(order) * 257
        face = Image.frombytes(mode, (48, 48), deep.tobytes())
    else:
        face = face.convert("RGB")
        face = face.quantize(256) if mode == "P" else face.convert(mode)
    path = tmp_path / f"face{'.tif' if mode != 'P' else '.png'}"
    face.save(path)
    [found], _ = pictures.faces(path)
    most = {"P": 16, "YCbCr": 2}.get(mode, 0)
    assert np.abs(found - drawn.images[0].astype(int)).max() <= most


def test_a_camera_held_aslant_is_heeded(drawn, tmp_path):
    lying = Image.fromarray(np.rot90(drawn.images[0]))
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation: to be turned clockwise
    lying.save(tmp_path / "photo.png", exif=exif)
    assert np.array_equal(pictures.face(tmp_path / "photo.png"), drawn.images[0])


def test_what_is_no_picture_is_refused(rng, tmp_path, monkeypatch):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    Image.fromarray(rng.random((9, 9), np.float32)).save(tmp_path / "deep.tif")
    good = tmp_path / "good.png"
    Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8)).save(good)
    (tmp_path / "cut.png").write_bytes(good.read_bytes()[:300])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name, why in {
        "missing.png": "cannot be read: No such file",
        "text.png": "is no picture .*: save it as PNG or JPEG",
        "phone.heic": "save it as PNG or JPEG, or pip install pillow-heif",
        "cut.png": "is no picture .*: save it as PNG or JPEG",
        "deep.tif": "8 or 16 bits a colour",
    }.items():
        with pytest.raises(BadInput, match=why):
            pictures.face(tmp_path / name)
    # Pillow refuses twice as many as its own bound.
    for bound in ((decoding, "MOST_PIXELS", 4095), (Image, "MAX_IMAGE_PIXELS", 2047)):
        monkeypatch.setattr(*bound)
        with pytest.raises(BadInput, match=r"more pixels than .*: shrink it"):
            pictures.face(good)


def test_heic_is_read_where_its_package_is(drawn, tmp_path, monkeypatch):
    asked = []
    heif = types.SimpleNamespace(register_heif_opener=lambda: asked.append("once"))
    monkeypatch.setitem(sys.modules, "pillow_heif", heif)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: heif)
    Image.fromarray(drawn.images[0]).save(tmp_path / "face.png")
    pictures.read(tmp_path / "face.png")
    assert asked == ["once"]


def test_pictures_in_folders_are_found_in_order(tmp_path):
    for name in ("b/2.JPG", "b/10.png", "a/x.webp", "a/notes.txt", "a/._x.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = pictures.find([tmp_path / "a/notes.txt", tmp_path])
    names = ("a/notes.txt", "a/x.webp", "b/10.png", "b/2.JPG")
    assert found == [tmp_path / name for name in names]
    with pytest.raises(BadInput, match=r"gone.png cannot be read: No such file"):
        pictures.find([tmp_path, tmp_path / "gone.png"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"empty has no picture in it \(.png, "):
        pictures.find([tmp_path / "empty"])


def test_a_format_that_another_program_would_draw_is_none(tmp_path):
    (tmp_path / "face.png").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 48 48\n"
    )
    with pytest.raises(BadInput, match="cannot identify image file"):
        pictures.face(tmp_path / "face.png")


def test_what_a_picture_leaves_out_is_grey(drawn, tmp_path, recwarn):
    face, shown = drawn.images[0], np.zeros((48, 48), bool)
    shown[:20] = True
    hidden = np.where(shown, face, 255)
    cut = Image.merge(
        "LA", [Image.fromarray(it) for it in (hidden, shown * np.uint8(255))]
    )
    for name, picture in {
        "grey.png": cut,
        "colour.png": cut.convert("RGBA"),
        "palette.png": cut.convert("RGBA").quantize(256),
    }.items():
        picture.save(tmp_path / name)
        found = pictures.face(tmp_path / name)
        assert np.abs(found[:20] - face[:20].astype(int)).max() <= 16
        assert (found[20:] == 128).all()
    assert not recwarn.list


LARGE = """
import resource, sys
from fer.data import pictures
pictures.read(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pictures.read(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes are Linux's unit")
@pytest.mark.parametrize("mode", ["RGBA", "P", "I;16", "CMYK"])
def test_a_large_picture_takes_at_most_eight_bytes_a_pixel(mode, tmp_path):
    more = {"transparency": 0} if mode == "P" else {}
    more |= {"compression": "tiff_lzw"} if mode == "CMYK" else {}
    paths = [
        tmp_path / f"{side}.{'tiff' if mode == 'CMYK' else 'png'}"
        for side in (4_000, 9)
    ]
    for path in paths:
        Image.new(mode, (int(path.stem),) * 2).save(path, **more)
    done = python("-c", LARGE, *map(str, paths))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 8 * 4_000**2
