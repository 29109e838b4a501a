"""The desktop flows: their programs, their oracle, and the agent on them."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from env import Click, DesktopEnvironment, Press, Type
from focusagent.cli_eval_desktop import register
from focusagent.errors import UserError
from focusagent.evaluation.desktop_flows import evaluate_desktop
from focusagent.flows.desktop import Program, load_desktop_flows, virtual_screen
from focusagent.planner.grammar import parse

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(900)]


def test_the_bundled_flows_are_well_formed() -> None:
    flows = load_desktop_flows()
    assert len({flow.name for flow in flows}) == len(flows) >= 10
    for flow in flows:
        parse(flow.instruction)
        assert flow.expect
    with pytest.raises(UserError, match="no desktop flow 'nothing'"):
        load_desktop_flows(["nothing"])


@pytest.mark.slow
def test_no_oracle_holds_before_anything_is_done() -> None:
    flows = load_desktop_flows()
    with virtual_screen():
        for program in sorted({flow.program for flow in flows}):
            with Program(program) as running:
                state = running.state()
            for flow in flows:
                if flow.program == program:
                    assert flow.wrong(state), flow.name


def test_a_program_is_what_its_screen_says() -> None:
    with virtual_screen(), Program("tasks") as program, DesktopEnvironment() as desktop:
        desktop.step(Click(400, 142))
        desktop.step(Type("Call the bank"))
        desktop.step(Press("Tab"))
        desktop.step(Press("Space"))
        assert program.state()["tasks"][-1] == "Call the bank"


def test_a_wrong_state_is_named() -> None:
    (flow,) = load_desktop_flows(["network-proxy"])
    assert flow.wrong({"host": "proxy.local", "port": "80"}) == "port is '80', not '8080'"
    assert flow.wrong({"host": "proxy.local", "port": "8080", "more": 1}) == ""


def test_the_agent_does_a_flow_by_sight() -> None:
    (result,) = evaluate_desktop(load_desktop_flows(["contacts-remove"]), "default")
    assert (result.verdict, result.right) == ("verified", True), result


@pytest.mark.slow
def test_the_command_does_most_flows_and_claims_none_falsely() -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    done = CliRunner().invoke(app, ["desktop", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["n"] == len(load_desktop_flows())
    assert told["false_success"] == 0
    assert told["verified"] >= 0.7 * told["n"], told
