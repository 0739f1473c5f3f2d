"""What happens around the chair: alarms seen, staff coming and going, an emergency, drug thrown away, the cuff."""

from collections.abc import Iterator

from ketamon.chair.asked.asking import Asking, text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Link
from ketamon.errors import Refused
from ketamon.rules import alarms


def acknowledge(now: Asking, intent: i.Acknowledge) -> Iterator[e.Body]:
    """Acknowledge one alarm, or all that stand."""
    yield from alarms.acknowledge(now.state, intent.by, intent.alarm, dismissed=intent.dismissed)


def pause_audio(now: Asking, intent: i.PauseAudio) -> Iterator[e.Body]:
    """Pause the alarm sound, or end the pause."""
    yield alarms.pause_audio(now.profile, intent.by, on=intent.on)


def switch_limits(now: Asking, intent: i.SwitchLimits) -> Iterator[e.Body]:
    """Switch the limits of one parameter off or on."""
    if intent.parameter not in {limit.parameter for limit in now.profile.limit}:
        raise Refused(f"the profile has no limits for {intent.parameter}")
    if intent.off == (intent.parameter in now.state.limits_off):
        raise Refused(f"the limits of {intent.parameter} are {'off' if intent.off else 'on'} already")
    why = text(intent.why, "a reason") if intent.off else intent.why.strip()
    yield e.LimitsSwitched(parameter=intent.parameter, off=intent.off, by=intent.by, why=why)


def move_staff(_: Asking, intent: i.MoveStaff) -> Iterator[e.Body]:
    """Note who came, and who left."""
    text(intent.who.name, "who it is")
    yield e.StaffMoved(who=intent.who, where=intent.where, by=intent.by)


def mark_emergency(now: Asking, intent: i.MarkEmergency) -> Iterator[e.Body]:
    """Mark the moment. A second press begins nothing new: the stopwatch goes on."""
    if intent.on == (now.state.emergency_since is not None):
        raise Refused("the emergency is marked already" if intent.on else "no emergency is marked")
    yield e.EmergencyMarked(on=intent.on, by=intent.by)


def rescue(now: Asking, intent: i.Rescue) -> Iterator[e.Body]:
    """Log something of the rescue list; also after the emergency, and without one: what was done, was done."""
    item = next((item for item in now.profile.rescue if item.id == intent.item), None)
    if item is None:
        raise Refused(f"the rescue list has no “{intent.item}”")
    said = text(intent.text, f"what “{item.label}” was") if item.asks_text else intent.text.strip()
    yield e.RescueDone(item=item.id, by=intent.by, text=said)


def waste(now: Asking, intent: i.Waste) -> Iterator[e.Body]:
    """Note what was thrown away; the witness is another person."""
    if not 0 < intent.volume_ml < float("inf"):
        raise Refused(f"{intent.volume_ml:g} mL cannot be thrown away")
    if intent.witness.is_same(intent.by):
        raise Refused("waste is witnessed by a second person")
    yield e.DrugWasted(volume_ml=intent.volume_ml, by=intent.by, witness=intent.witness, proof=now.proof)


def operate(now: Asking, intent: i.Operate) -> Iterator[e.Body]:
    """Have a device do something at the patient."""
    device = now.state.devices.get(intent.device)
    if device is None or intent.action not in device.attached.actions:
        raise Refused(f"no device “{intent.device}” here can do {intent.action}")
    if device.link in (Link.CLOSED, Link.OPENING):
        raise Refused(f"{device.attached.label} is not connected")
    yield e.DeviceOperated(device=intent.device, action=intent.action, by=intent.by)
