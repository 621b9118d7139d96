"""Settings with their comments for `--keys`: YAML as it takes effect, in lines of 80 characters.

References such as `${seed}` are shown as their values, classes as comments, and a comment that does
not fit stands above its key.
"""

import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hydra_plugins.spaceship_optuna.config import OptunaSweeperConf
from spaceship.cli.help import GROUPS, files
from spaceship.cli.overrides import command
from spaceship.config.installation import configs, yaml_text
from spaceship.config.loader import defaults
from spaceship.config.spelling import nearest
from spaceship.errors import ConfigError, expected

_SWEEPER = "hydra.sweeper"
_SWEEPER_HEAD = """\
# Of mode=tune and hydra/sweeper=optuna. Another sampler or pruner:
# hydra/sweeper/sampler=NAME, hydra/sweeper/pruner=NAME.
hydra:
  sweeper:
"""
_WIDTH = 80
_NODE = "\0"  # in place of a reference to a whole node, which nobody sets
_OF_CONFIG = re.compile(r"^defaults:\n(?:[ #-].*\n)+\n?", re.MULTILINE)
_PACKAGE = re.compile(r"^# @package .*\n", re.MULTILINE)
_REFERENCE = re.compile(r"(?<=: )([^\s#'\"]*\$\{.*?\}+[^\s#'\"]*)(?=\s|$)")
_CLASS = re.compile(r"^( *)_target_: ([^\s#]+)( *#)?", re.MULTILINE)
_COMMENTS = re.compile(r"(?:^ *# .*\n){2,}", re.MULTILINE)
_BLANK, _ITEM_END = re.compile(r"(\s+)"), re.compile(r"((?<=,)\s+)")
_FURTHER = "    "  # indent of the next lines of a value
_LINE = re.compile(r"(?P<indent> *)(?P<key>[^#\s].*?)??(?: *# (?P<comment>.*))?")


def keys_text(section: str) -> str:
    """Return the commented YAML of a section, a group or a choice; of config.yaml by default.

    Raise ConfigError if there is none of this name.

    >>> print(keys_text("split=time").splitlines()[0])
    # split=time
    """
    name, _, choice = section.partition("=")
    sections = {} if choice else _sections()
    found = {"": sections[name]} if name in sections else {}
    if not section:
        found = {"": (configs() / "config.yaml").read_text(encoding="utf-8")}
    chosen = [path for path in files(name) if choice in ("", path.stem)]
    found |= {f"# {name}={path.stem}\n": yaml_text(path) for path in chosen}
    if found:
        config = {str(key): value for key, value in defaults().items()}
        inner = [one for one in GROUPS if name and one.startswith(f"{name}/")]
        text = "\n".join(head + _readable(text, config) for head, text in found.items())
        more = (f"\n# Settings of each {one}, its threshold too: --keys {one}\n" for one in inner)
        return text + "".join(more)
    known = [*sections, *GROUPS, *(f"{one}={path.stem}" for one in GROUPS for path in files(one))]
    near = nearest(section, known)
    do = f"did you mean {near[0]}: {command(['--keys', near[0]])}" if near else "see --help"
    raise ConfigError(expected("a section, a group or GROUP=CHOICE after --keys", section, do))


def _sections() -> dict[str, str]:
    """Return the parts of config.yaml by key, with the comments above it, and the sweeper's."""
    text = (configs() / "config.yaml").read_text(encoding="utf-8")
    parts = re.findall(r"^((?:#.*\n)*(\w+):.*\n(?:[ #].*\n|\n(?= ))*)", text, re.MULTILINE)
    return {name: part for part, name in parts if name != "defaults"} | {_SWEEPER: _sweeper()}


def _sweeper() -> str:
    """Return the settings of the sweeper, from the fields of their class and its comments."""
    source, defaults = inspect.getsource(OptunaSweeperConf), OptunaSweeperConf()
    chosen = {name: choice for one in defaults.defaults for name, choice in one.items()}
    text = _SWEEPER_HEAD
    for name, comment in re.findall(r"^    ([a-z]\w*): .*?  # (.*)$", source, re.MULTILINE):
        value = chosen.get(name, getattr(defaults, name))
        shown = value if isinstance(value, str) else json.dumps(value)
        text += f"    {name}: {shown}  # {comment.replace('None', 'null')}\n"
    return text


def _readable(text: str, config: Mapping[str, object]) -> str:
    """Return YAML with its references resolved, in lines that fit."""
    text = _PACKAGE.sub("", _OF_CONFIG.sub("", text))
    text = _REFERENCE.sub(lambda found: _resolved(found[0], config), text)
    text = re.sub(rf".*{_NODE}.*\n", "", text)
    text = _CLASS.sub(lambda found: f"{found[1]}# class {found[2]}{':' * bool(found[3])}", text)
    text = _COMMENTS.sub(lambda found: _joined(found[0]), text)
    return "\n".join(one for line in text.splitlines() for one in _fitting(line)) + "\n"


def _resolved(reference: str, config: Mapping[str, object]) -> str:
    """Return the value of a reference; as it is written if it has none by default."""
    whole = OmegaConf.create({**config, "shown": reference})
    try:
        value = whole.shown
    except OmegaConfBaseException:
        return reference
    if OmegaConf.is_config(value):
        return _NODE
    return value if isinstance(value, str) else json.dumps(value)


def _joined(comments: str) -> str:
    """Return lines of comment as a single one if one of them is too long."""
    lines = comments.splitlines()
    if max(map(len, lines)) <= _WIDTH:
        return comments
    return " ".join([lines[0], *(line.strip().removeprefix("# ") for line in lines[1:])]) + "\n"


def _fitting(line: str) -> Iterator[str]:
    """Yield a line of YAML broken where words end, a comment that is too long above its key."""
    parts = _LINE.fullmatch(line)
    if len(line) <= _WIDTH or parts is None:
        yield line
        return
    indent, comment, value = parts["indent"], parts["comment"], parts["key"]
    if comment:
        yield from _broken(comment, f"{indent}# ", f"{indent}# ", _BLANK)
    if value:  # YAML joins the lines again, but of a key in quotes
        longest = max(map(len, _ITEM_END.split(value))) + len(indent) + len(_FURTHER)
        end = _ITEM_END if longest <= _WIDTH else _BLANK
        yield from _broken(value, indent, f"{indent}{_FURTHER}", end)


def _broken(text: str, first: str, others: str, end: re.Pattern[str]) -> list[str]:
    """Return a text in lines that fit, each broken where a pattern matches."""
    wrapper = textwrap.TextWrapper(_WIDTH, initial_indent=first, subsequent_indent=others)
    wrapper.break_long_words = wrapper.break_on_hyphens = False
    wrapper.wordsep_simple_re = end
    return wrapper.wrap(text)
