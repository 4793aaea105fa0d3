"""Logs: a line is there whole and as it was written, or the damage is named."""

import errno
import json
import os

import hypothesis.strategies as st
import pytest
from hypothesis import given

from neurograph.errors import FileError
from search.runs import jsonfiles, jsonlines

plain = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists)
rows = st.dictionaries(st.text().filter(lambda key: key != "crc32"), plain)


@given(st.lists(rows))
def test_what_is_appended_is_read_and_any_other_reader_of_json_reads_it_too(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    for entry in entries:
        jsonlines.append(path, entry)
    assert jsonlines.read(path) == entries
    if entries:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [{k: v for k, v in line.items() if k != "crc32"} for line in lines] == entries
    jsonlines.rewrite(path, entries)
    assert jsonlines.read(path) == entries and jsonlines.stamp(path)["lines"] == len(entries)


@pytest.mark.parametrize("entries", [[{"epoch": 1, "loss": 0.25}, {"epoch": 2}], [{}], [{"only": "text"}]])
def test_every_flipped_bit_is_seen_by_whoever_reads(entries, tmp_path):
    path = tmp_path / "log.jsonl"
    jsonlines.rewrite(path, entries)
    for content in flips(path.read_bytes()):
        path.write_bytes(content)
        try:
            found = jsonlines.read(path)
        except FileError:
            continue
        assert found in (entries, entries[:-1])  # the last without its end is one that a kill tore


def flips(whole):
    """The same bytes with one bit flipped, for every bit."""
    for at in range(len(whole)):
        for bit in range(8):
            yield whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]


@pytest.mark.parametrize("held", [{"lr": 0.1, "nested": {"steps": [1, 2]}}, {}, {"origin": "0" * 32}])
def test_every_flipped_bit_in_a_json_file_is_seen_or_changes_nothing(held, tmp_path):
    path = tmp_path / "config.json"
    jsonfiles.write_json(path, held)
    for content in flips(path.read_bytes()):
        path.write_bytes(content)
        try:
            found = jsonfiles.read_json(path)
        except FileError:
            continue
        assert found == held


def test_every_flipped_bit_is_seen_beside_a_checkpoint(tmp_path):
    path = tmp_path / "log.jsonl"
    for epoch in (1, 2, 3):
        jsonlines.append(path, {"epoch": epoch, "loss": 0.1 * epoch})
    whole, stamp = path.read_bytes(), jsonlines.stamp(path)
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            with pytest.raises(FileError, match=r"log\.jsonl is damaged"):
                jsonlines.check(path, stamp["lines"], stamp["crc32"])
    path.write_bytes(whole)
    jsonlines.check(path, 3, stamp["crc32"])


def test_numbers_that_were_changed_are_seen_by_readers_too(tmp_path):
    path = tmp_path / "log.jsonl"
    jsonlines.append(path, {"loss": 0.25})
    path.write_text(path.read_text().replace("0.25", "0.75"))
    with pytest.raises(FileError, match="line 1 does not match its CRC"):
        jsonlines.read(path)


def test_lines_of_before_there_was_a_crc_load_and_may_be_followed_by_others(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    jsonlines.append(path, {"epoch": 3})
    assert [row["epoch"] for row in jsonlines.read(path)] == [1, 2, 3]
    with open(path, "a") as file:
        file.write('{"epoch": 4}\n')
    with pytest.raises(FileError, match="line 4 does not match"):
        jsonlines.read(path)


def test_a_disk_that_fills_up_leaves_no_part_of_a_line(tmp_path, monkeypatch):
    path = tmp_path / "log.jsonl"
    jsonlines.append(path, {"epoch": 1})
    held, write = path.read_bytes(), os.write

    def full(number, data):
        if len(data) < 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(number, data[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(FileError, match=r"cannot write .*log\.jsonl: No space left"):
        jsonlines.append(path, {"epoch": 2})
    assert path.read_bytes() == held


@pytest.mark.parametrize("path", ["nowhere/log.jsonl", "folder", "a\0b"])
def test_places_that_cannot_be_written_are_errors_of_ours(path, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match="cannot write"):
        jsonlines.append(tmp_path / path, {})
