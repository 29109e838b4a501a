"""A replay as JUnit XML: one test case a step, as CI servers read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from ..history import Run, Step
from .healing import Heal

# What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(name: str, run: Run, changes: Sequence[Heal] = ()) -> str:
    """The XML of a run; what stayed unverified is a failure, as in the exit code."""
    cases = [_case(name, step, changes) for step in run.steps]
    if not run.is_successful() and not any(case.find("failure") is not None for case in cases):
        cases.append(_ending(name, run))
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {
        "name": _plain(name),
        "tests": str(len(cases)),
        "failures": str(failures),
        "errors": "0",
        "skipped": "0",
        "time": f"{run.seconds:.3f}",
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", counts)
    properties = ET.SubElement(suite, "properties")
    for key, value in _facts(run, changes).items():
        ET.SubElement(properties, "property", name=key, value=_plain(value))
    suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _facts(run: Run, changes: Sequence[Heal]) -> dict[str, str]:
    return {
        "status": run.status,
        "reason": run.reason,
        "groundings": str(run.usage.groundings),
        "changed": str(len(changes)),
        "trace": run.folder or "",
    }


def _case(name: str, step: Step, changes: Sequence[Heal]) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=_plain(name),
        name=_plain(f"{step.number}. {step.text}"),
        time=f"{step.seconds.get('total', 0.0):.3f}",
    )
    held = ET.SubElement(case, "properties")
    for key, value in (("url", step.url), ("status", step.status)):
        ET.SubElement(held, "property", name=key, value=_plain(value))
    if step.status != "verified":
        doubts = [_proof(each.what, each.detail) for each in step.evidence if not each.ok]
        message = step.outcome.reason or "; ".join(doubts) or "nothing proves it"
        failure = ET.SubElement(case, "failure", type=step.status, message=_plain(message))
        failure.text = _plain("\n".join([message, *doubts]))
    told = [line for heal in changes if heal.step == step.number for line in heal.lines()]
    told += [_proof(each.what, each.detail) for each in step.evidence if each.ok]
    if told:
        ET.SubElement(case, "system-out").text = _plain("\n".join(told))
    return case


def _ending(name: str, run: Run) -> ET.Element:
    """A run that ended between two steps, or before the first."""
    case = ET.Element("testcase", classname=_plain(name), name="the end", time="0.000")
    message = _plain(run.summary())
    ET.SubElement(case, "failure", type=run.status, message=message).text = message
    return case


def _proof(what: str, detail: str) -> str:
    return f"{what}: {detail}" if detail else what


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
