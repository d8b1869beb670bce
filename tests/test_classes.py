"""What labels, splits and names of files mean."""

import numpy as np
import pytest

from fer import BadInput, data
from fer.data import classes, decoding, folders, gather, parquet, webdataset

ROWS = np.arange(3)


def faces(**columns):
    return data.Faces(np.zeros((3, 48, 48), np.uint8), **columns)


def test_synonyms_name_one_class_and_other_names_stay():
    assert classes.canonical(" Happiness ") == "happy"
    assert classes.canonical("very  bored") == "very bored"
    assert classes.is_known("AFRAID") and not classes.is_known("bored")


def test_data_of_no_class_or_of_too_many_are_refused():
    classes.must_be_few(["happy"], "faces.csv")
    for count in (0, classes.MOST_CLASSES + 1):
        with pytest.raises(BadInput, match=rf"^faces.csv has {count} classes"):
            classes.must_be_few([str(n) for n in range(count)], "faces.csv")


@pytest.mark.parametrize(
    ("text", "code"),
    [("Train", 0), ("valid", 1), ("Private Test", 2), ("fold 3", None)],
)
def test_splits_of_other_names_are_usages(text, code):
    assert gather.split_code(text) == code


def test_files_are_told_by_their_endings():
    assert decoding.is_picture("a/B.JPEG") and not decoding.is_picture("a.csv")
    assert parquet.is_parquet("part-0.PARQUET") and not parquet.is_parquet("a.csv")
    assert webdataset.is_shard(["1.png", "1.cls"]) and not webdataset.is_shard(
        ["1.png"]
    )


def test_a_folder_of_a_known_class_may_lie_below_a_split():
    assert folders.has_known_class("train/angry/1.png")
    assert not folders.has_known_class("train/1.png")
    assert not folders.has_known_class("train/angry/readme.txt")


def test_faces_that_come_one_by_one_are_collected_into_blocks():
    row = np.zeros((48, 48), np.uint8), ("resized",), "happy", None, "id", "a.png"
    first, last = gather.blocks_of([row] * (gather.BLOCK + 1))
    assert first["images"].shape == (gather.BLOCK, 48, 48)
    assert (last["labels"], last["usage"], last["ids"]) == (["happy"], None, ["id"])
    assert (last["where"], last["done"]) == (["a.png"], ["resized"])


def test_relabelled_faces_keep_their_classes_by_name():
    votes = np.eye(2, dtype=np.float32)[[0, 1, 1]]
    labels = np.array([0, 1, 1], np.int8)
    some = faces(labels=labels, votes=votes, classes=("happy", "sad"))
    found = data.in_classes(some, ("sad", "fear", "happy"), "faces.csv")
    assert found.labels.tolist() == [2, 0, 0]
    assert found.votes.argmax(1).tolist() == [2, 0, 0]


def test_a_class_that_the_model_lacks_is_named_with_a_mend():
    some = faces(labels=np.zeros(3, np.int8), classes=("bored", "sad"))
    said = r"^a.csv has bored, none of the model's classes.*--drop bored"
    with pytest.raises(BadInput, match=said):
        data.in_classes(some, ("happy", "sad"), "a.csv")


def test_faces_without_labels_are_refused_where_labels_are_needed():
    data.must_be_labelled(faces(labels=ROWS), "a.csv")
    with pytest.raises(BadInput, match=r"^a.csv has no labels"):
        data.must_be_labelled(faces(), "a.csv")


def test_faces_of_some_usages_are_taken_or_all_where_none_is_told():
    assert len(data.of_usages(faces(usage=ROWS), ("PublicTest",))) == 1
    assert len(data.of_usages(faces(), ("PublicTest",))) == 3
