"""What a driver's outputs say: as plain objects, and as a line of words, for `ketamon decode` and for consoles."""

from typing import Any

from ketamon import driver as d
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Mode, Quality
from ketamon.plain import plain

PUMP_NUMBERS = (
    Parameter.RATE,
    Parameter.VOLUME_INFUSED,
    Parameter.VTBI,
    Parameter.TIME_REMAINING,
    Parameter.PRESSURE,
)


def fields(out: d.Output) -> list[dict[str, Any]]:
    """Return the JSON objects of one output: one for most, one for each alarm that stands, none for requests."""
    match out:
        case d.Measured(offset, r):
            row: dict[str, Any] = {"type": "reading", "offset": offset, "parameter": r.parameter, "value": r.value}
            row |= {"unit": r.unit, "quality": r.quality}
            row |= {name: True for name in ("repeated", "stored") if getattr(r, name)}
            row |= {"mode": r.mode} if r.mode is not Mode.REAL else {}
            return [row | ({"site": r.site} if r.site else {})]
        case d.Sampled(offset, b):
            row = {"type": "wave", "offset": offset, "signal": b.signal, "rate_hz": b.rate_hz, "unit": b.unit}
            return [row | ({"site": b.site} if b.site else {}) | {"samples": b.samples}]
        case d.PumpTelemetry(offset, s):
            row = {"type": "pump", "offset": offset} | ({"head": s.head} if s.head else {}) | {"state": s.state}
            numbers = {name: getattr(s, name) for name in PUMP_NUMBERS}
            return [row | numbers | {"alarm": s.alarm, "drug": s.drug, "serial": s.serial}]
        case d.DeviceAlarms(offset, alarms):
            return [
                {"type": "alarm", "offset": offset, "code": a.code, "priority": a.priority, "text": a.text}
                for a in alarms
            ]
        case d.DeviceNotice(offset, text):
            return [{"type": "notice", "offset": offset, "text": text}]
        case d.Mismatch(offset, text):
            return [{"type": "mismatch", "offset": offset, "text": text}]
        case d.Garbage(offset, raw, reason):
            return [{"type": "garbage", "offset": offset, "length": len(raw), "reason": reason}]
        case d.Accepted(offset, length, name):
            return [{"type": "frame", "offset": offset, "length": length, "name": name}]
        case _:
            return []


def words(row: dict[str, Any]) -> str:
    """Return one of these objects as a line of words."""
    match row:
        case {"type": "reading"}:
            value = "no value" if row["value"] is None else f"{row['value']:g} {row['unit'].symbol}"
            marks = [row["quality"]] if row["quality"] is not Quality.VALID else []
            marks += [name for name in ("repeated", "stored") if name in row] + [row[n] for n in ("mode",) if n in row]
            text = f"{row['parameter']}{_site(row)} {value}" + (f" ({', '.join(marks)})" if marks else "")
        case {"type": "wave", "samples": samples}:
            known = [sample for sample in samples if sample is not None]
            span = (
                f"{min(known):g} to {max(known):g}{' ' + row['unit'].symbol if row['unit'] else ''}"
                if known
                else "no value"
            )
            gone = f", {len(samples) - len(known)} missing" if len(known) < len(samples) else ""
            text = f"{row['signal']} wave{_site(row)}, {len(samples)} samples at {row['rate_hz']:g} Hz, {span}{gone}"
        case {"type": "pump"}:
            numbers = [f", {n} {row[n]:g} {PARAMETERS[n].unit.symbol}" for n in PUMP_NUMBERS if row[n] is not None]
            named = [f", {name} {row[name]}" for name in ("drug", "serial") if row[name]]
            head = f" {row['head']}" if "head" in row else ""
            text = f"pump{head} {row['state']}{''.join(numbers + named)}{', in alarm' if row['alarm'] else ''}"
        case {"type": "alarm"}:
            text = f"alarm, {row['priority']} priority, {row['code']}: {row['text']}"
        case {"type": "mismatch"}:
            text = f"another device: {row['text']}; nothing is told from here on"
        case {"type": "garbage"}:
            text = f"{row['length']} bytes of garbage: {row['reason']}"
        case {"type": "frame"}:
            text = f"frame {row['name']}, {row['length']} bytes"
        case _:
            text = str(row["text"])
    return plain(text)  # a device's text is anything


def _site(row: dict[str, Any]) -> str:
    return f" {row['site']}" if "site" in row else ""
