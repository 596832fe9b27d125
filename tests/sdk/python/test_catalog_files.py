"""`accolade plan`, `apply` and `export` against a running server, and the example files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from process import ADMIN_KEY, START_LIMIT_SECONDS, binary

EXAMPLES = Path(__file__).resolve().parents[3] / "config" / "examples"


def accolade(world, *arguments: str, key: str = ADMIN_KEY) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ACCOLADE_")}
    return subprocess.run(
        [binary(), *arguments, "--url", world.server.url],
        env={**kept, "ACCOLADE_ADMIN_KEY": key},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_LIMIT_SECONDS,
    )


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if code != 1 else done.stderr


@pytest.mark.parametrize("name", sorted(file.stem for file in EXAMPLES.glob("*.toml")))
def test_an_example_is_applied_once_and_exported_again(world, tmp_path, name):
    file = str(EXAMPLES / f"{name}.toml")
    assert " to change, " in told(accolade(world, "plan", file), 2)
    assert " added, " in told(accolade(world, "apply", file), 0)
    assert told(accolade(world, "apply", file), 0) == "No differences.\n"
    assert told(accolade(world, "plan", file), 0) == "No differences.\n"
    exported = tmp_path / "exported.toml"
    exported.write_text(told(accolade(world, "export"), 0))
    assert told(accolade(world, "plan", str(exported)), 0) == "No differences.\n"
    assert any(achievement.name for achievement in world.client.achievements.all_())


# C-CAT-04
def test_a_plan_reads_well_and_changes_nothing(study, tmp_path):
    world, _ = study
    world.event("cards", "ada", 40)
    before = told(accolade(world, "export"), 0)
    file = tmp_path / "catalog.toml"
    text = before.replace('name = "Cards flipped"', 'name = "Cards turned"')
    assert text != before
    file.write_text(
        text
        + """
[achievements.forty]
name = "Forty"
metric = { key = "cards", value = 40 }
"""
    )
    plan = told(accolade(world, "plan", str(file)), 2)
    assert '~ metrics.cards\n    name: "Cards flipped" -> "Cards turned"\n' in plan
    added = """+ achievements.forty
    name = "Forty"
    metric = { key = "cards", value = 40 }
    # 1 existing user completes it at once
"""
    assert added in plan
    assert plan.endswith("\n1 to add, 1 to change, 0 to remove.\n")
    assert told(accolade(world, "export"), 0) == before
    told(accolade(world, "apply", str(file)), 0)
    world.clock.by(1)
    achieved = world.client.users.achievements("ada")
    assert "Forty" in {achievement.name for achievement in achieved}


# C-CAT-05 C-CAT-06
def test_a_refused_file_changes_nothing(study, tmp_path):
    world, _ = study
    before = told(accolade(world, "export"), 0)
    wrong = tmp_path / "wrong one.toml"
    wrong.write_text(before + "\n[metrics.pages]\nnmae = 'Pages'\n")
    for command in ("plan", "apply"):
        message = told(accolade(world, command, str(wrong)), 1)
        line = before.count("\n") + 3
        assert f"error: {wrong}:{line}:1: unknown field `nmae`" in message
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    assert "only with prune is it deleted" in told(accolade(world, "apply", str(empty)), 1)
    assert told(accolade(world, "export"), 0) == before
    assert "- metrics.cards\n" in told(accolade(world, "apply", "--prune", str(empty)), 0)
    assert told(accolade(world, "plan", str(empty)), 0) == "No differences.\n"


def test_whoever_may_not_is_told(world, tmp_path):
    assert "Invalid or missing API key" in told(
        accolade(world, "export", key="testkey1.wrongwrongwrongwrong"), 1
    )
    assert "ACCOLADE_ADMIN_KEY must hold" in told(accolade(world, "export", key=""), 1)
    missing = str(tmp_path / "missing.toml")
    assert missing in told(accolade(world, "plan", missing), 1)
