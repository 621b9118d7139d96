"""Random sequences of all that happens to a registry, checked against a simple model."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import cast
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hydra_plugins.spaceship_optuna.process import process_tags
from scripts.chaos.registry_model import Model, must
from scripts.chaos.registry_world import Killed, World
from spaceship.errors import OutdatedError, RegistryError
from spaceship.experiment import Experiment
from spaceship.mode.history import history
from spaceship.mode.promote import promote
from spaceship.mode.rollback import rollback
from spaceship.registry import aliases
from spaceship.registry.moves import Move
from spaceship.registry.registry import CHALLENGER, CHAMPION, DIGESTS, MODEL, Registry
from spaceship.registry.steps import earlier_versions

PROCESSES = {  # whose record a killed process leaves behind
    "own": process_tags(),
    "dead": process_tags() | {"spaceship.process": "[4194305, 1.0]"},
    "elsewhere": {"spaceship.place": "elsewhere", "spaceship.process": "[1, 1.0]"},
}
ALIASES = st.sampled_from([CHAMPION, CHALLENGER])
COMMANDS = [CHAMPION, CHALLENGER, "promote", "promote", "rollback", "rollback", "rollback"]
ONE_OF = st.integers(0, 19)  # of the versions that there are, counted round and round
LIVES = 99
DIES = st.sampled_from([LIVES, *range(12), LIVES])  # writes of a process before it is killed
WHO = st.sampled_from([*PROCESSES])
HOURS = st.sampled_from([-24 * 365, -2, 0, 2, 24 * 365])
LONG = 12  # steps from which a sequence counts as long


class RegistryMachine(RuleBasedStateMachine):
    """One registered model of a world."""

    world: World

    def __init__(self) -> None:
        """Begin with an empty registered model."""
        super().__init__()
        self.model, self.registered, self.n_steps = Model(), 0, -1  # the first state is no step
        self.slow: Move | None = None  # of another machine, which takes its time
        name = f"chaos-{next(self.world.names)}"
        self.registry = Registry(self.world.store, name, self.world.folder / "locks")
        self.known = self.registry.aliases
        self.world.mortal.left = None  # whatever became of the sequence before
        self.known.create_model()
        asked = SimpleNamespace(why=None, history=SimpleNamespace(output=None, at=None))
        parts = {"registry": self.registry, "settings": asked}
        made = SimpleNamespace(dry_run=False, forced=False, needs_proof=False, **parts)
        self.experiment = cast("Experiment", made)

    def teardown(self) -> None:
        """Count the sequence."""
        self.world.counts.update(sequences=1, steps=self.n_steps, long=int(self.n_steps >= LONG))

    @initialize()
    def begin(self) -> None:
        """Train two champions: without them there is nowhere to go back to."""
        for _ in range(2):
            self.train(CHAMPION, LIVES, "own")

    @rule(do=st.sampled_from(COMMANDS), dies=DIES, who=WHO)
    def command(self, do: str, dies: int, who: str) -> None:
        """Promote the challenger, go back, or train a candidate that is awarded an alias."""
        challenger, best = self.model.aliases.get(CHALLENGER), self.model.best()
        whole = challenger if challenger and self.model.whole.get(challenger) else None
        verb, number = (promote, whole) if do == "promote" else (rollback, best)
        if do in {CHAMPION, CHALLENGER} or (number is None and dies != LIVES):
            self.train(CHALLENGER if do in {"promote", CHALLENGER} else CHAMPION, dies, who)
            return
        after: dict[str, str | None] = {CHAMPION: number}
        if verb is promote:
            after[CHALLENGER] = None
        self.run(lambda: verb(self.experiment), None if number is None else after, dies, who)

    @rule(do=st.sampled_from(COMMANDS), dies=DIES, who=WHO)
    def another_command(self, do: str, dies: int, who: str) -> None:
        """Do the same: commands are what happens most."""
        self.command(do, dies, who)

    @rule(do=st.sampled_from(["point", "take away", "delete", "damage", "mend"]), which=ONE_OF)
    def by_hand(self, do: str, which: int) -> None:
        """Move or take away an alias, delete a version, or change its digest, by MLflow alone."""
        client, name = self.world.client, self.registry.model
        alias, number = (CHAMPION if which % 2 else CHALLENGER), self.version(which // 2)
        if number is None:
            return
        if do == "point":
            client.set_registered_model_alias(name, alias, number)
            self.model.aliases[alias] = number
        elif do == "delete":
            client.delete_model_version(name, number)
            del self.model.whole[number]
            kept = {alias: one for alias, one in self.model.aliases.items() if one != number}
            self.model.aliases = kept
        elif do != "take away":
            value = self.world.digests if do == "mend" else json.dumps({MODEL: "of another model"})
            client.set_model_version_tag(name, number, DIGESTS, value)
            self.model.whole[number] = do == "mend"
        elif alias in self.model.aliases:
            client.delete_registered_model_alias(name, alias)
            del self.model.aliases[alias]

    @rule(alias=ALIASES, which=ONE_OF)
    def elsewhere(self, alias: str, which: int) -> None:
        """Prepare a move on another machine; the next time complete it, unless it was given up."""
        if self.slow is None:
            with self.as_process("elsewhere"), self.known.lock():
                seen = {alias: self.model.aliases.get(alias)}
                self.slow = self.known.prepare(alias, seen, "takes its time")
        elif (number := self.version(which)) is not None:
            kept = self.model.records.get(self.slow.key) == self.slow.to_tag()
            try:
                self.known.complete(self.slow, number)
            except OutdatedError:
                must(not kept, "a move that nobody gave up is outdated")
            else:
                must(kept, "a move that was given up is completed")
                self.model.aliases[self.slow.alias] = number
            self.slow = None

    @rule(hours=HOURS)
    def history(self, hours: int) -> None:
        """Set the clock; compare the last line of the history, and its hint, with the model."""
        self.world.clock = timedelta(hours=hours)
        logger = logging.getLogger("spaceship.mode.history")
        lines: list[str] = []
        with mock.patch.object(logger, "info", lambda text, *given: lines.append(text % given)):
            history(self.experiment)
        shown = [line for line in lines if line.startswith("  ")]
        current, best = self.model.aliases.get(CHAMPION), self.model.best()
        name = "no champion" if current is None else f"version {current:>3}"
        must("now" in shown[-1], shown)
        must(shown[-1].startswith(f"  {name} "), shown)
        hint = f"Version {best} comes back with mode=rollback."
        must((hint in lines) == (best is not None), lines)

    @invariant()
    def holds(self) -> None:
        """Compare aliases, records, steps and the way back with the model."""
        self.n_steps += 1
        entity = self.world.client.get_registered_model(self.registry.model)
        found = {alias: str(number) for alias, number in entity.aliases.items()}
        must(found == self.model.aliases, f"the aliases are {found}, not {self.model.aliases}")
        self.model.read(entity.tags)
        steps = self.known.steps(CHAMPION)
        current = found.get(CHAMPION)
        must((steps[-1].version if steps else None) == current, f"the steps end elsewhere: {steps}")
        must(earlier_versions(steps) == self.model.way_back(current), f"the way back: {steps}")

    def train(self, award: str, dies: int, who: str) -> None:
        """Register a version that is awarded an alias."""
        after: dict[str, str | None] = {award: str(self.registered + 1)}
        if award == CHAMPION:
            after[CHALLENGER] = None
        self.run(lambda: self.judge(award), after, dies, who)

    def judge(self, award: str) -> None:
        """Register a version and move its alias, as the promotion of a candidate does."""
        with self.known.lock():
            current = self.known.current()
            seen = {alias: current.get(alias) for alias in (CHAMPION, CHALLENGER)}
            move = self.known.prepare(award, seen, "better")
            version = self.world.store.client.create_model_version(
                self.registry.model,
                f"models:/{self.world.model_id}",
                self.world.run,
                tags={DIGESTS: self.world.digests},
                model_id=self.world.model_id,
            )
            self.registered = int(version.version)
            self.model.whole[str(version.version)] = True
            self.known.complete(move, str(version.version))
            if award == CHAMPION and seen[CHALLENGER]:
                self.known.take_away(CHALLENGER, str(seen[CHALLENGER]), "replaced")

    def run(
        self,
        call: Callable[[], object],
        after: Mapping[str, str | None] | None,
        dies: int,
        who: str,
    ) -> None:
        """Let a process run a command, killed before a write or not, and check the aliases.

        `after` has the aliases that a command moves, one after the other; None: it is refused.
        """
        allowed = [self.model.aliases]
        for alias, number in (after or {}).items():
            moved = {**allowed[-1], alias: number}
            allowed.append({name: one for name, one in moved.items() if one is not None})
        self.world.mortal.left = dies
        try:
            with self.as_process(who):
                call()
        except Killed:
            self.world.counts["kills"] += 1
        except RegistryError:
            must(after is None, "a command was refused")
        else:
            must(after is not None, "a command was not refused")
            allowed = allowed[-1:]
        self.world.mortal.left = None
        entity = self.world.client.get_registered_model(self.registry.model)
        found = {alias: str(number) for alias, number in entity.aliases.items()}
        must(found in allowed, f"the aliases are {found}, not {allowed}")
        self.model.aliases = found
        self.model.read(entity.tags)
        if len(allowed) == 1 and after and CHAMPION in after:
            must(self.model.last == after[CHAMPION], "a finished move is not on record")

    @contextmanager
    def as_process(self, who: str) -> Iterator[None]:
        """Record moves as a process of this machine, a dead one, or one that cannot be seen."""
        with mock.patch.object(aliases, "process_tags", return_value=PROCESSES[who]):
            yield

    def version(self, which: int) -> str | None:
        """Return one of the versions that there are, None if there is none."""
        numbers = [*self.model.whole]
        return numbers[which % len(numbers)] if numbers else None


def machine_of(world: World) -> type[RegistryMachine]:
    """Return the state machine of a world."""
    return type("Machine", (RegistryMachine,), {"world": world})
