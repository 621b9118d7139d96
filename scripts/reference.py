"""Reference of all settings: `python -m scripts.reference` writes docs/keys.md from the YAML files.

A setting's meaning is the comment behind it in the YAML, or above it; a comment above the first
setting of a file describes the file.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "keys.md"
CONFIGS = ROOT / "configs"
_LINE = re.compile(
    r"(?P<indent> *)(?P<key>[\w@/.]+):(?P<value>(?: (?!# ).*?)?)(?: +# (?P<comment>.*))?$"
)
_PARTS = ("hydra", "local")  # groups without settings of their own
_INTERNAL = {
    "mode.logged",
    "mode.reads_data",
    "mode.predicts",
    "predicts",
    "fits_on_cluster",
}  # set by a mode alone
_HEAD = """\
# Settings

Every key of a command line, made from the comments in `configs` by `python -m scripts.reference`;
`python scripts/run.py --keys SECTION` prints the same texts. A key in the file of a group begins
with the group: `estimator.n_jobs` below `model=lgbm` is `model.estimator.n_jobs`. A value such as
`${seed}` is that of another key. The settings of a sweep are in [tuning](tuning.md).
"""


def page() -> str:
    """Return the page: the main file, then each group with its choices.

    >>> page().splitlines()[0]
    '# Settings'
    """
    groups = sorted({path.parent for path in CONFIGS.rglob("*.yaml")} - {CONFIGS})
    parts = [_HEAD, _section("Of every command", CONFIGS / "config.yaml")]
    for folder in groups:
        name = folder.relative_to(CONFIGS).as_posix()
        if name.split("/")[0] not in _PARTS:
            parts.append(f"## {name}=\n")
            files = sorted(folder.glob("*.yaml"))
            parts += [_section(f"{name}={path.stem}", path, "#") for path in files]
    return "\n".join(parts)


def _section(title: str, path: Path, deeper: str = "") -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    about = _opening(lines)
    rows = [f"| `{key}` | {_code(value)} | {_cell(text)} |" for key, value, text in settings(lines)]
    table = ["", "| key | default | meaning |", "|---|---|---|", *rows] if rows else []
    return "\n".join([f"##{deeper} {title}", *([] if not about else ["", about]), *table, ""])


def _opening(lines: list[str]) -> str:
    """Return the comment that a file begins with."""
    texts = []
    for line in lines:
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            texts.append(line.lstrip("# "))
    return " ".join(texts)


def settings(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield key, default and meaning of each setting of a YAML file.

    >>> [*settings(["gain:  # of a candidate", "  # 0.03 is 3 %", "  minimum: 0.03"])]
    [('gain', '', 'of a candidate'), ('gain.minimum', '0.03', '0.03 is 3 %')]
    """
    above, parents, begun = list[str](), list[tuple[int, str]](), False
    for line in lines:
        if line.lstrip().startswith("#"):
            above += [line.strip(" #")] if begun else []
        elif found := _LINE.match(line):
            depth = len(found["indent"])
            parents = [one for one in parents if one[0] < depth]
            key = ".".join([*(name for _, name in parents), found["key"]])
            comment = " ".join([*above, *([found["comment"]] if found["comment"] else [])])
            value, above, begun = found["value"].strip(), [], True
            parents.append((depth, found["key"]))
            if key.endswith("_target_") or key in {"defaults", *_INTERNAL}:
                continue
            if value or comment:
                yield key, value, comment
        else:
            above = []


def _code(value: str) -> str:
    return f"`{value}`" if value else ""


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
