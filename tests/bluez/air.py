# mypy: ignore-errors
# ruff: noqa: N802, PLR0917 - methods are named as on the bus, and called as the bus calls them
"""BlueZ with devices in the air, as a template of python-dbusmock; Debian's Python runs it.

The stock template pairs whatever is asked without a word to the agent, and connects nothing. Here
a device has a PIN, which the agent is asked for, and a serial port: a Unix socket on which the test
plays the device. ``org.ecgd.Air`` is the test's hand: it puts devices in the air, takes them out,
and lets single calls fail. Devices become known by a search, as in life.
"""

import socket
import time
from typing import Any

import dbus
import dbus.service
from dbusmock import mockobject
from dbusmock.templates import bluez5
from gi.repository import GLib

BUS_NAME = "org.bluez"
MAIN_OBJ = "/"
SYSTEM_BUS = True
IS_OBJECT_MANAGER = True

AIR = "org.ecgd.Air"
ADAPTER = "org.bluez.Adapter1"
DEVICE = "org.bluez.Device1"
ERROR = "org.bluez.Error."
SERIAL_PORT = "00001101-0000-1000-8000-00805f9b34fb"
HCI = "/org/bluez/hci0"

air = {}
"""Devices in reach by address: name, PIN, port, how long a call takes to reach them."""
faults = {}
calls = []
registered = {"agent": None, "default": None, "profile": None}
timing = {"page_s": 0.2}


def load(mock: Any, parameters: Any) -> None:
    mockobject.objects["/"] = mock
    bluez5.load(mock, parameters)
    manager = mockobject.objects["/org/bluez"]
    for function in (RegisterAgent, RequestDefaultAgent, RegisterProfile):
        _replace(manager, function)
    if parameters.get("adapter", True):
        PlugAdapter(mock, parameters.get("powered", True))


def _replace(thing: Any, function: Any) -> None:
    name, interface = function.__name__, function._dbus_interface
    signatures = (function._dbus_in_signature, function._dbus_out_signature)
    thing.methods.setdefault(interface, {})[name] = (*signatures, "", function)


def _log(thing: Any, name: Any) -> None:
    tail = str(thing.path).rpartition("/")[2]
    calls.append(f"{name} {tail[4:].replace('_', ':') if tail.startswith('dev_') else tail}")


def _fault(name: Any) -> Any:
    if name in faults:
        error, text = faults[name]
        return dbus.exceptions.DBusException(text, name=error)
    return None


def _checked(thing: Any, name: Any) -> None:
    _log(thing, name)
    fault = _fault(name)
    if fault is not None:
        raise fault


def _set(path: Any, interface: Any, **values: Any) -> None:
    thing = mockobject.objects.get(path)
    if thing is not None:
        wrapped = {n: dbus.Boolean(v) if isinstance(v, bool) else v for n, v in values.items()}
        thing.UpdateProperties(interface, wrapped)


def _path(address: Any) -> str:
    return f"{HCI}/dev_{address.replace(':', '_')}"


def _call(
    where: Any, interface: Any, member: Any, signature: Any, *arguments: Any, done: Any, failed: Any
) -> None:
    sender, path = where
    connection = mockobject.objects["/"].connection
    connection.call_async(sender, path, interface, member, signature, arguments, done, failed, 25.0)


@dbus.service.method("org.bluez.AgentManager1", in_signature="os", sender_keyword="sender")
def RegisterAgent(manager: Any, path: Any, capability: Any, sender: Any = None) -> None:
    _checked(manager, f"RegisterAgent {capability}")
    registered["agent"] = (sender, path)


@dbus.service.method("org.bluez.AgentManager1", in_signature="o", sender_keyword="sender")
def RequestDefaultAgent(manager: Any, path: Any, sender: Any = None) -> None:
    _checked(manager, "RequestDefaultAgent")
    registered["default"] = (sender, path)


@dbus.service.method("org.bluez.ProfileManager1", in_signature="osa{sv}", sender_keyword="sender")
def RegisterProfile(manager: Any, path: Any, uuid: Any, options: Any, sender: Any = None) -> None:
    _checked(manager, "RegisterProfile")
    assert (uuid, options["Role"]) == (SERIAL_PORT, "client")
    registered["profile"] = (sender, path)


@dbus.service.method(ADAPTER, in_signature="a{sv}")
def SetDiscoveryFilter(adapter: Any, wanted: Any) -> None:
    _checked(adapter, f"SetDiscoveryFilter {wanted['Transport']}")


@dbus.service.method(ADAPTER)
def StartDiscovery(adapter: Any) -> None:
    _checked(adapter, "StartDiscovery")
    _set(HCI, ADAPTER, Discovering=True)
    GLib.timeout_add(100, _hear_all)


@dbus.service.method(ADAPTER)
def StopDiscovery(adapter: Any) -> None:
    _checked(adapter, "StopDiscovery")
    _set(HCI, ADAPTER, Discovering=False)


@dbus.service.method(ADAPTER, in_signature="o")
def RemoveDevice(adapter: Any, path: Any) -> None:
    _checked(adapter, f"RemoveDevice {path[-17:].replace('_', ':')}")
    bluez5.RemoveDevice(adapter, path)


def _hear_all() -> bool:
    for number, (address, device) in enumerate(air.items()):
        _make_known(address, device["name"])
        if _path(address) in mockobject.objects:
            _set(_path(address), DEVICE, RSSI=dbus.Int16(-50 - number))
    return False


def _make_known(address: Any, name: Any) -> None:
    if _path(address) in mockobject.objects or HCI not in mockobject.objects:
        return
    bluez5.AddDevice(mockobject.objects["/"], "hci0", address, name)
    for function in (Pair, ConnectProfile, Disconnect):
        _replace(mockobject.objects[_path(address)], function)


@dbus.service.method(DEVICE, async_callbacks=("done", "failed"))
def Pair(device: Any, done: Any = None, failed: Any = None) -> None:
    _log(device, "Pair")
    address = str(device.props[DEVICE]["Address"])
    fault, known = _fault("Pair"), air.get(address)
    if fault is not None:
        failed(fault)
    elif known is None:
        _later(timing["page_s"], failed, _error("ConnectionAttemptFailed", "Page Timeout"))
    elif not known["pin"]:
        _paired(device, done)
    else:
        wrong = _error("AuthenticationFailed", "Authentication Failed")

        def compare(pin: Any) -> None:
            _paired(device, done) if pin == known["pin"] else failed(wrong)

        def refused(error: Any) -> None:
            failed(_error("AuthenticationRejected", "Authentication Rejected"))

        agent = "org.bluez.Agent1"
        where = registered["agent"]
        _call(where, agent, "RequestPinCode", "o", device.path, done=compare, failed=refused)


def _paired(device: Any, done: Any) -> None:
    uuids = dbus.Array([SERIAL_PORT], signature="s", variant_level=1)
    device.props[DEVICE]["UUIDs"] = uuids
    device.UpdateProperties(DEVICE, {"UUIDs": uuids, "Paired": dbus.Boolean(True)})
    done()


@dbus.service.method(DEVICE, in_signature="s", async_callbacks=("done", "failed"))
def ConnectProfile(device: Any, uuid: Any, done: Any = None, failed: Any = None) -> None:
    _log(device, "ConnectProfile")
    address = str(device.props[DEVICE]["Address"])
    fault, ends_s = _fault("ConnectProfile"), time.monotonic() + timing["page_s"]
    if fault is not None:
        failed(fault)
        return

    def page() -> bool:
        """Call the device until it answers, as an adapter does; True: call on."""
        if _is_called(device, address, done, failed):
            return False
        if time.monotonic() < ends_s:
            return True
        failed(_error("Failed", "br-connection-page-timeout"))
        return False

    if page():
        GLib.timeout_add(50, page)


def _is_called(device: Any, address: str, done: Any, failed: Any) -> bool:
    known = air.get(address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        if known is None or line.connect_ex(known["port"]) != 0:
            return False
        _set(device.path, DEVICE, Connected=True)
        descriptor = dbus.types.UnixFd(line.fileno())
        given = (device.path, descriptor, dbus.Dictionary({}, signature="sv"))
        _call(
            registered["profile"],
            "org.bluez.Profile1",
            "NewConnection",
            "oha{sv}",
            *given,
            done=done,
            failed=failed,
        )
    return True


@dbus.service.method(DEVICE)
def Disconnect(device: Any) -> None:
    _checked(device, "Disconnect")
    _set(device.path, DEVICE, Connected=False)


def _later(delay_s: Any, work: Any, *arguments: Any) -> None:
    def once() -> bool:
        work(*arguments)
        return False

    GLib.timeout_add(round(delay_s * 1000), once)


def _error(name: Any, text: Any) -> Any:
    return dbus.exceptions.DBusException(text, name=ERROR + name)


@dbus.service.method(AIR, in_signature="ssss")
def PutDevice(mock: Any, address: Any, name: Any, pin: Any, port: Any) -> None:
    """Put a device in reach; an empty PIN: it asks for none."""
    air[str(address)] = {"name": str(name), "pin": str(pin), "port": str(port)}


@dbus.service.method(AIR, in_signature="s")
def TakeDevice(mock: Any, address: Any) -> None:
    """Take it out of reach, without a word to BlueZ."""
    air.pop(str(address), None)


@dbus.service.method(AIR, in_signature="ss")
def Connect(mock: Any, address: Any, name: Any) -> None:
    """Let a device of somebody else's be connected, as a keyboard is."""
    _make_known(str(address), str(name))
    _set(_path(address), DEVICE, Connected=True)


@dbus.service.method(AIR, in_signature="s")
def Drop(mock: Any, address: Any) -> None:
    """Notice that a radio link is over."""
    _set(_path(address), DEVICE, Connected=False)


@dbus.service.method(AIR, in_signature="sss")
def Fail(mock: Any, member: Any, error: Any, text: Any) -> None:
    """Let every call of a member fail; with an empty error no more."""
    faults.pop(str(member), None)
    if error:
        faults[str(member)] = (str(error), str(text))


@dbus.service.method(AIR, in_signature="d")
def PageFor(mock: Any, page_s: Any) -> None:
    """Say how long the adapter calls a device that does not answer."""
    timing["page_s"] = float(page_s)


@dbus.service.method(AIR, in_signature="b")
def PlugAdapter(mock: Any, powered: Any) -> None:
    bluez5.AddAdapter(mock, "hci0", "gateway")
    adapter = mockobject.objects[HCI]
    _set(HCI, ADAPTER, Powered=bool(powered))
    for function in (SetDiscoveryFilter, StartDiscovery, StopDiscovery, RemoveDevice):
        _replace(adapter, function)


@dbus.service.method(AIR)
def UnplugAdapter(mock: Any) -> None:
    bluez5.RemoveAdapterWithDevices(mock, "hci0")


@dbus.service.method(AIR)
def Begin(mock: Any) -> None:
    """Begin anew: an adapter that is on, and nothing in the air."""
    air.clear()
    faults.clear()
    calls.clear()
    timing["page_s"] = 0.2
    if HCI in mockobject.objects:
        UnplugAdapter(mock)
    PlugAdapter(mock, True)


@dbus.service.method(AIR, out_signature="as")
def Calls(mock: Any) -> Any:
    """Return what was asked of BlueZ so far, each with the device or object."""
    return dbus.Array(calls, signature="s")


@dbus.service.method(
    AIR, in_signature="ssav", out_signature="s", async_callbacks=("done", "failed")
)
def Ask(
    mock: Any, member: Any, address: Any, more: Any, done: Any = None, failed: Any = None
) -> None:
    """Ask the default agent as BlueZ does; return its answer, or the error's name."""
    _call(
        registered["default"],
        "org.bluez.Agent1",
        member,
        "o" + {"RequestConfirmation": "u", "AuthorizeService": "s"}.get(str(member), ""),
        dbus.ObjectPath(_path(address)),
        *more,
        done=lambda *given: done(str(given[0]) if given else ""),
        failed=lambda error: done(error.get_dbus_name()),
    )
