"""Files of nasty tables: encodings, delimiters, line ends, damage, Parquet with native types."""

import csv
import gzip
import io
from typing import Any, Literal

from scripts.fuzz.mutated_tables import Table

_FEW = 5  # values of a column that Parquet may hold as a dictionary


def encoded(name: str, table: Table, form: str) -> tuple[str, bytes]:
    """Return the name and the content of a table's file."""
    if form == "parquet":
        return name.replace(".csv", ".parquet"), _parquet(table)
    text = io.StringIO()
    delimiter = {"semicolons": ";", "tabs": "\t", "sep line": ";", "titles": ";"}.get(form, ",")
    end = "\r\n" if form == "crlf" else "\n"
    quoting: Literal[0, 1] = 1 if form == "quoted" else 0  # csv.QUOTE_ALL, QUOTE_MINIMAL
    csv.writer(text, lineterminator=end, delimiter=delimiter, quoting=quoting).writerows(table)
    above = {"sep line": f"sep=;{end}", "titles": f"A title{end}{end};;;{end}"}.get(form, "")
    written = above + text.getvalue()
    if form == "latin-1":
        return name, written.encode("latin-1", errors="replace")
    data = written.encode("utf-16" if form == "utf-16" else "utf-8", "surrogatepass")
    if form == "gz":
        return f"{name}.gz", gzip.compress(data, mtime=0)
    if form == "NUL":
        data = data.replace(b"a", b"a\0", 1)
    if form == "cut":
        return name, data[: len(data) * 9 // 10]
    return name, (b"\xef\xbb\xbf" if form == "bom" else b"") + data


def _parquet(table: Table) -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    header, *rows = table
    columns = [_native([row[at] or None for row in rows]) for at in range(len(header))]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=header), sink)
    return sink.getvalue()


def _native(values: list[str | None]) -> Any:
    """Return a column in the first of Arrow's types that holds every value."""
    import pyarrow as pa

    texts = pa.array(values, pa.string())
    for kind in (pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"), pa.decimal128(38)):
        try:
            return texts.cast(kind)
        except pa.ArrowInvalid:
            continue
    return texts.dictionary_encode() if len({*values}) < _FEW else texts
