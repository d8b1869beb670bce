"""What the tests of the page in a browser share."""


def until(page, condition):
    """Wait half a minute at most until a condition in JavaScript holds.

    The page's policy forbids Playwright's own way, which evaluates text in the page.
    """
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {condition}")
