"""Every file a user may hand over is read, or refused with what is wrong and what to do."""

import bz2
import gzip
import io
import logging
import lzma
import os
import zipfile
from pathlib import Path

import pytest

from spaceship.data.csv_form import CsvForm, sniff_delimiter
from spaceship.data.csv_reader import csv_rows, read_csv
from spaceship.errors import ConfigError, DataError

TEXT = 'Id,Name,Age\n1_01,"Ann ""A"" O\'Hara, Jr",3\n1_02,Zoë Ünal,\n\n2_01,NA,7.5\n'
PLAIN = TEXT.encode()

SWAPPED = bytes.maketrans(b",;", b";,")
TABS = PLAIN.replace(b'"Ann ""A"" O\'Hara, Jr"', b'Ann "A" O\'Hara; Jr').replace(b",", b"\t")
TABS = TABS.replace(b"; Jr", b", Jr")


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


TOLERATED = {
    "plain": PLAIN,
    "byte-order mark": b"\xef\xbb\xbf" + PLAIN,
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "CR": PLAIN.replace(b"\n", b"\r"),
    "gzip": gzip.compress(PLAIN),
    "no last line end": PLAIN.rstrip(),
    "padded header": PLAIN.replace(b"Name,Age", b" Name , Age"),
    "everything quoted": PLAIN.replace(b"1_02,Zo", b'"1_02",Zo'),
    "a line of blanks": PLAIN.replace(b"\n\n", b"\n  \n"),
    "zip": zipped(data=PLAIN),
    "zip of a Mac": zipped(**{"data.csv": PLAIN, "__MACOSX/._data.csv": b"\0"}),
    "zip, one of its name": zipped(**{"notes.txt": b"mine", "a/passengers.csv": PLAIN}),
    "semicolons": PLAIN.translate(SWAPPED).replace(b"; Jr", b", Jr"),
    "tabs": TABS,
    "bars": TABS.replace(b"\t", b"|"),
    "bzip2": bz2.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
    "gzip in gzip": gzip.compress(gzip.compress(PLAIN)),
    "gzip in zip": zipped(data=gzip.compress(PLAIN)),
    "zip, one table": zipped(**{"README.md": b"mine", "a/rows.CSV": PLAIN}),
    "UTF-16, tabs": TABS.decode().replace("\n", "\r\n").encode("utf-16"),
    "UTF-16, big end": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-16 without a mark, big end": TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
}

BELOW = PLAIN.replace(b"\n\n", b"\n")
TITLED = {
    "sep line": b"sep=,\n" + BELOW,
    "sep line, CRLF": b"sep=,\r\n" + BELOW.replace(b"\n", b"\r\n"),
    "sep line, mark": b"\xef\xbb\xbfsep=,\n" + BELOW,
    "sep line, semicolons": b'"sep=;"\n' + BELOW.translate(SWAPPED).replace(b"; Jr", b", Jr"),
    "sep line, UTF-16": ("sep=\t\r\n" + TABS.decode().replace("\n\n", "\n")).encode("utf-16"),
    "title": b"Passengers of 2912\n" + BELOW,
    "padded title": b"Passengers of 2912,,\n" + BELOW,
    "quoted title": b'"Passengers, all"\n' + BELOW,
    "blank line": b"\n" + BELOW,
    "padded blank line": b",,\n" + BELOW,
}

REFUSED = {
    "no bytes": (b"", ["an empty file", "export it again"]),
    "blank": (b"\n \n", ["an empty file"]),
    "empty gzip": (gzip.compress(b""), ["an empty file"]),
    "cut gzip": (gzip.compress(PLAIN)[:-9], ["expected whole gzip data", "download it again"]),
    "Latin-1": (TEXT.encode("latin-1"), ["byte 0xeb at byte 49 (line 3)", "data.encoding=cp1252"]),
    "UTF-16, cut": (TEXT.encode("utf-16")[:-3], ["expected UTF-16-LE text", "export it again"]),
    "NUL": (PLAIN.replace(b"7.5", b"\0\0"), ["a NUL byte at byte", "(line 5)"]),
    "ZIP": (b"PK\x03\x04rest", ["ZIP archive", "unzip -d"]),
    "Parquet": (b"PAR1\x15\x04\x00\x00rest", ["a NUL byte at byte 6"]),
    "one column": (b'Age\n1\n""\n2\n', ["several columns", "found one"]),
    "quotes around nothing": (b'""', ["several columns", "found one"]),
    "byte-order mark alone": (b"\xef\xbb\xbf \n", ["an empty file"]),
    "zip of several": (zipped(a=PLAIN, b=PLAIN), ["one of its name (passengers)", "2 files: a, b"]),
    "empty zip": (zipped(), ["0 files: none"]),
    "workbook": (
        zipped(**{"[Content_Types].xml": b"", "a": b""}),
        ["an Excel workbook", "--convert-to csv /"],
    ),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, ["an Excel workbook"]),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", ["lfs pull"]),
    "git-annex": (b"/annex/objects/SHA256-s9--0\n", ["annex get /"]),
    "web page": (b"\n<!DOCTYPE html>\n<html></html>", ["a web page", "signed in"]),
    "JSON": (b'[{"a": 1, "b": 2}]', ["found JSON", "export it as CSV"]),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", ["zstd", "run: unzstd /"]),
    "SQLite": (b"SQLite format 3\0rest", ["data=sql data.url=sqlite:///"]),
    "titles of two fields": (b"Of,2912\n" + BELOW, ["if the header is in line 2", "-i.bak 1,1d /"]),
    "semicolons or bars": (
        b"Id;Name|Age\n1;a|2\n",
        ["2 columns separated by semi", "data.separator=semi"],
    ),
    "semicolons, ragged": (b"Id;Name\n1;a\n2;b;c\n", ["2 fields", "line 3 (3 fields)"]),
    "long row": (PLAIN + b"3_01,a,b,c\n", ["3 fields in every row", "line 6 (4 fields)"]),
    "cut row": (PLAIN + b"3_01,a", ["1 otherwise", "line 6 (2 fields)"]),
    "many long rows": (b"a,b\n" + b"1,2,3\n" * 9, ["9 otherwise", "line 6 (3 fields), …"]),
    "open quote": (PLAIN + b'3_01,"a,1\n4_01,b,2\n', ["opens in line 6 and never closes"]),
    "open quote, long": (PLAIN + b'3_01,"' + b"a\n" * 99_999, ["opens in line 6 and never"]),
    "quotes alone in a line": (PLAIN + b'""\n', ["1 otherwise", "line 6 (1 fields)"]),
    "a form feed": (PLAIN + b"\x0c\n", ["1 otherwise", "line 6 (1 fields)"]),
    "a blank that is none": (PLAIN + "\xa0\n".encode(), ["1 otherwise", "line 6 (1 fields)"]),
    "quotes before the header": (b'""\n' + PLAIN, ["several columns", "found one"]),
    "quotes around a blank": (PLAIN + b'" "\n', ["1 otherwise", "line 6 (1 fields)"]),
    "text after a quote": (PLAIN + b'3_01,"a"b,1\n', ["text after a closing quote in line 6"]),
}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "passengers.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("data", TOLERATED.values(), ids=TOLERATED)
def test_tolerated_file_gives_the_same_text(tmp_path: Path, data: bytes) -> None:
    frame = read_csv(write(tmp_path, data))
    assert list(frame.columns) == ["Id", "Name", "Age"]
    assert frame["Name"].tolist()[:2] == ['Ann "A" O\'Hara, Jr', "Zoë Ünal"]
    assert frame.isna().to_numpy().tolist() == [
        [False] * 3,
        [False, False, True],
        [False, True, False],
    ]
    assert frame.index.tolist() == [2, 3, 5]


@pytest.mark.parametrize(("data", "fragments"), REFUSED.values(), ids=REFUSED)
def test_refused_file_says_what_is_wrong(tmp_path: Path, data: bytes, fragments: list[str]) -> None:
    path = write(tmp_path, data)
    with pytest.raises(DataError) as caught:
        read_csv(path)
    message = str(caught.value)
    assert [part for part in [f"{path}: expected", *fragments] if part not in message] == []
    assert len(message) < 600


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    frame = read_csv(write(tmp_path, b'a,b\n1,"two\nlines"\n\n3,4\n'))
    assert frame.index.tolist() == [2, 5]
    assert frame["b"].tolist() == ["two\nlines", "4"]


def test_a_column_that_comes_twice_keeps_its_name(tmp_path: Path) -> None:
    assert list(read_csv(write(tmp_path, b"a,a,\n1,2,3\n")).columns) == ["a", "a", ""]


def test_header_alone_is_a_frame_without_rows(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path, b"a,b\n")).shape == (0, 2)


def test_absent_file_lists_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, PLAIN)
    for name in (".hidden.csv", "notes.txt"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"no such file \(the folder holds passengers\.csv\)"):
        read_csv(tmp_path / "train.csv")
    with pytest.raises(DataError, match="the folder holds no CSV"):
        read_csv(tmp_path / "nowhere" / "train.csv")


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found a folder"):
        read_csv(tmp_path)


def test_a_pipe_or_a_device_is_no_file(tmp_path: Path) -> None:
    pipe, endless = tmp_path / "pipe.csv", tmp_path / "endless.csv"
    os.mkfifo(pipe)
    endless.symlink_to("/dev/zero")
    for path in (pipe, endless):
        with pytest.raises(DataError, match="found a device or a pipe"):
            read_csv(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_forbidden_file_names_permissions(tmp_path: Path) -> None:
    path = write(tmp_path, PLAIN)
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        read_csv(path)


def test_path_through_a_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, PLAIN) / "train.csv"
    with pytest.raises(DataError, match="Not a directory"):
        read_csv(path)


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_a_character_that_ends_lines_elsewhere_is_part_of_a_value(end: str) -> None:
    text = f"id\tna,me\n1\ta{end}b\n2\tc\n"
    assert sniff_delimiter(text.encode()) == "\t"
    assert csv_rows(Path("a.csv"), text.encode())["na,me"].tolist() == [f"a{end}b", "c"]


def test_a_field_may_be_as_long_as_a_book() -> None:
    book = "a\rb," * 100_000
    found = csv_rows(Path("a.csv"), f'id,text\n1,"{book}"\n2,short\n'.encode())
    assert found["text"].tolist() == [book, "short"]


@pytest.mark.parametrize("data", TITLED.values(), ids=TITLED)
def test_lines_above_the_header_are_left_out_and_counted(tmp_path: Path, data: bytes) -> None:
    frame = read_csv(write(tmp_path, data))
    assert list(frame.columns) == ["Id", "Name", "Age"]
    assert frame.index.tolist() == [3, 4, 5]
    assert frame["Name"].tolist()[:2] == ['Ann "A" O\'Hara, Jr', "Zoë Ünal"]


@pytest.mark.parametrize("header", [",a", "a,,", "a,b,"])
def test_a_poor_header_is_no_title(header: str) -> None:
    rows = "1,x,2.5\n" * 3 if header.count(",") > 1 else "1,x\n" * 3
    assert [*csv_rows(Path("a.csv"), f"{header}\n{rows}".encode()).columns] == header.split(",")


def test_the_form_of_another_tool_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        csv_rows(Path("a.csv"), "Report\n\nid;b\n1;2\n".encode("utf-16"))
        csv_rows(Path("b.csv"), b"id,b\n1,2\n")
    wanted = "read as UTF-16-LE text, fields separated by semicolons, titles above the header"
    assert caplog.messages == [f"a.csv: {wanted}"]


def test_a_separator_and_an_encoding_are_taken_at_their_word() -> None:
    rows = csv_rows(Path("a.csv"), b"Id;Name|Age\n1;a|2\n", CsvForm.of("bar", None))
    assert [*rows.columns] == ["Id;Name", "Age"]
    rows = csv_rows(Path("a.csv"), TEXT.encode("cp1252"), CsvForm.of(None, "cp1252"))
    assert rows["Name"].tolist()[1] == "Zoë Ünal"
    rows = csv_rows(Path("a.csv"), PLAIN, CsvForm.of(None, "cp1252"))  # UTF-8 stays UTF-8
    assert rows["Name"].tolist()[1] == "Zoë Ünal"


@pytest.mark.parametrize(("separator", "encoding"), [("dash", None), (None, "latin-99")])
def test_a_form_that_is_none_is_refused(separator: str | None, encoding: str | None) -> None:
    with pytest.raises(ConfigError, match=r"expected data\.(separator|encoding) to be"):
        CsvForm.of(separator, encoding)
