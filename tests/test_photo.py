"""A picture file becomes the face that it shows, or is refused."""

import numpy as np
import pytest
from PIL import Image

import predict
from fer import BadInput, models
from fer.data import pictures


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".gif", ".ppm", ".webp"])
def test_a_face_in_its_own_size_is_read_to_the_pixel(drawn, tmp_path, ending):
    lossless = {"lossless": True} if ending == ".webp" else {}
    Image.fromarray(drawn.images[0]).save(tmp_path / f"face{ending}", **lossless)
    assert np.array_equal(pictures.face(tmp_path / f"face{ending}")[0], drawn.images[0])


@pytest.mark.parametrize("ending", [".jpg", ".avif"])
def test_a_large_photo_in_colour_shows_its_middle_square(drawn, tmp_path, ending):
    large = np.kron(drawn.images[0], np.ones((5, 5), np.uint8))
    framed = np.pad(large, ((0, 0), (120, 120)), constant_values=255)
    path = tmp_path / f"photo{ending}"
    Image.fromarray(framed).convert("RGB").save(path, quality=95)
    [found] = pictures.face(path)
    assert found.shape == (48, 48) and found.dtype == np.uint8
    assert np.abs(found - drawn.images[0].astype(int)).mean() < 5


def test_a_camera_held_aslant_is_heeded(drawn, tmp_path):
    lying = Image.fromarray(np.rot90(drawn.images[0]))
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation: to be turned clockwise
    lying.save(tmp_path / "photo.png", exif=exif)
    assert np.array_equal(pictures.face(tmp_path / "photo.png")[0], drawn.images[0])


def test_what_is_no_picture_of_8_bits_is_refused(rng, tmp_path, monkeypatch):
    (tmp_path / "text.png").write_text("no picture")
    Image.fromarray(np.ones((9, 9), np.uint16)).save(tmp_path / "deep.png")
    good = tmp_path / "good.png"
    Image.fromarray(rng.integers(0, 256, (64, 64), np.uint8)).save(good)
    (tmp_path / "cut.png").write_bytes(good.read_bytes()[:300])
    for name, why in {
        "missing.png": "cannot be read: No such file",
        "text.png": "is no picture .*: save it as PNG or JPEG",
        "cut.png": "is no picture .*: save it as PNG or JPEG",
        "deep.png": "8 bits a colour",
    }.items():
        with pytest.raises(BadInput, match=why):
            pictures.face(tmp_path / name)
    for most in (1500, 3000):  # Pillow warns of so many, and refuses twice as many
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(BadInput, match=r"more pixels than .*: shrink it"):
            pictures.face(good)


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
        [found] = pictures.face(tmp_path / name)
        assert np.abs(found[:20] - face[:20].astype(int)).max() <= 16
        assert (found[20:] == 128).all()
    assert not recwarn.list


def test_predict_prints_what_the_model_makes_of_a_photo(
    call, trained, drawn, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(drawn.images[3]).save(tmp_path / "me.png")
    words = ("--photo", "me.png", "--model", trained / "cnn.keras")
    call(predict, *words, "--mirror", "--turn")
    out = capsys.readouterr().out
    model = models.load(trained / "cnn.keras")
    [told] = model.predict(drawn.images[3:4], mirror=True, turn=True)
    rows = [line.split() for line in out.splitlines()]
    assert [name for _, name in rows] == [
        model.classes[i] for i in told.argsort()[::-1]
    ]
    assert [float(said) for said, _ in rows] == pytest.approx(
        sorted(told)[::-1], abs=1e-3
    )
    assert [path.name for path in tmp_path.iterdir()] == ["me.png"]
