"""The project file (YAML): the user's decisions, and dated evidence of what was seen. It holds no secret.

AWS and DNS are the truth; the file lets the wizard continue where it stopped. It is written atomically, and
never over a file that could not be read.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr, replace

from wizard.errors import ExitCode, WizardError
from wizard.files import replace_file
from wizard.steps.registry import StepName
from wizard.text import printable

if TYPE_CHECKING:
    import yaml

SCHEMA: Literal[1] = 1
DEFAULT_FILE = Path("ses-wizard.yaml")
DEFAULT_STACK = "ses-wizard-reminder"
"""The stack of the first setup in an account and Region."""
MAX_BYTES = 1_000_000

HEADER = """\
# The settings and the progress of one ses-wizard set-up. It holds no secret and can be kept in git.
# Every setting is explained in config.example.yaml. Comments of your own are not kept when the wizard saves.
"""

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_CONTROL = r"\x00-\x1f\x7f-\x9f"
"""Control characters, which a terminal would interpret."""
_PLAIN = rf"[^@\s{_CONTROL}\"`$;\\\\<>,]+"
_SHAPES = {
    "host": (rf"^{_LABEL}(\.{_LABEL})+$", "a domain name in lower case, such as example.com"),
    "name": (r"^[A-Za-z0-9_-]{1,64}$", "up to 64 letters, digits, hyphens and underscores"),
    "stack": (r"^[A-Za-z][A-Za-z0-9-]{0,39}$", "a letter, then up to 39 letters, digits and hyphens"),
    "address": (rf"^{_PLAIN}@{_PLAIN}$", "one e-mail address"),
    "url": (rf"^https?://[^\s{_CONTROL}\"`$;\\<>]+$", "an address that begins with https:// or http://"),
    "unsubscribe": (
        rf"^(https://[^\s{_CONTROL}\"`$;\\<>]+"
        rf"|mailto:[^\s{_CONTROL}\"`$;\\<>?]+@[^\s{_CONTROL}\"`$;\\<>?]+)$",
        "an address that begins with https:// or mailto:",
    ),
    "table": (r"^[A-Za-z0-9_.-]{3,255}$", "the name of a DynamoDB table"),
    "attribute": (r"^[^\x00-\x1f\x7f]{1,255}$", "the name of an attribute"),
    "region": (r"^[a-z]{2}(-[a-z0-9]+)+-\d$", "an AWS Region, such as us-east-1"),
    "operation": (r"^[A-Za-z0-9-]{1,255}$", "the id of an operation of Route 53 Domains"),
    "account": (r"^\d{12}$", "an AWS account id: 12 digits, in quotes"),
}
"""Patterns for values that are sent to AWS, and their descriptions for messages."""

HostName = Annotated[str, Meta(pattern=_SHAPES["host"][0], max_length=253)]
ResourceName = Annotated[str, Meta(pattern=_SHAPES["name"][0])]
StackName = Annotated[str, Meta(pattern=_SHAPES["stack"][0])]
Address = Annotated[str, Meta(pattern=_SHAPES["address"][0], max_length=320)]
Url = Annotated[str, Meta(pattern=_SHAPES["url"][0], max_length=1000)]
RegionName = Annotated[str, Meta(pattern=_SHAPES["region"][0])]
AccountId = Annotated[str, Meta(pattern=_SHAPES["account"][0])]
Unsubscribe = Annotated[str, Meta(pattern=_SHAPES["unsubscribe"][0], max_length=800)]
TableName = Annotated[str, Meta(pattern=_SHAPES["table"][0])]
Attribute = Annotated[str, Meta(pattern=_SHAPES["attribute"][0])]
Moment = Annotated[datetime, Meta(tz=True)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One section of the file: immutable, without unknown keys."""


class Account(Section, frozen=True):
    """The AWS account and Region. The AWS environment decides about absent values."""

    profile: str | None = None
    region: RegionName | None = None
    id: AccountId | None = None
    """The account in use: seen, not chosen. Another one stops the wizard."""


class Registration(Section, frozen=True):
    """A domain being registered in Route 53. Its owner's data is in no file."""

    name: HostName
    operation: Annotated[str, Meta(pattern=_SHAPES["operation"][0])]
    """AWS's id of the operation, to ask for its progress."""
    since: Moment


class Domain(Section, frozen=True):
    """The sending domain, in A-label form."""

    name: HostName | None = None
    registration: Registration | None = None


class Identity(Section, frozen=True):
    """How the domain's mail is signed and bounced."""

    mail_from: HostName | None = None
    """The full MAIL FROM name, a subdomain of the domain."""
    configuration_set: ResourceName = "ses-wizard"
    dkim_tokens: Annotated[tuple[ResourceName, ...], Meta(max_length=3)] = ()
    """SES's tokens, and below the zone with their keys, so that ``check`` works without AWS."""
    signing_zone: HostName | None = None
    suppression_before: tuple[Literal["BOUNCE", "COMPLAINT"], ...] | None = None
    """The reasons on the account's suppression list before the wizard changed them; None if it did not."""


class Table(Section, frozen=True):
    """The user's own DynamoDB table of recipients, which is read-only."""

    name: TableName
    email: Attribute = "email"
    """The attribute with the address."""
    opted_out: Attribute | None = None
    """The attribute that is true, yes or 1 for opted-out recipients."""
    fields: dict[str, Attribute] = field(default_factory=dict)
    """The attribute for each field; by default, the one with the field's name."""


class Reminder(Section, frozen=True):
    """Who gets what, when. Fields of the message are written ``{{name}}``."""

    stack: StackName = DEFAULT_STACK
    sender: Address | None = None
    sender_name: str = ""
    recipients: str | None = None
    """A CSV file with a header and an ``email`` column; the path is relative to the project file."""
    table: Table | None = None
    """The user's own table, instead of the CSV file."""
    subject: str = ""
    text: str = ""
    html: str = ""
    schedule: str | None = None
    """An EventBridge Scheduler expression: ``cron(…)``, ``rate(…)`` or ``at(…)``."""
    timezone: str = "UTC"
    start: Moment | None = None
    """No run before this moment."""
    end: Moment | None = None
    """No run after this moment."""
    window_minutes: Annotated[int, Meta(ge=0, le=1440)] = 0
    """EventBridge's flexible time window: a run starts within this many minutes; 0 is off."""
    paused: bool = False
    unsubscribe: Unsubscribe | None = None
    """Where recipients unsubscribe: ``https://…`` (one click, RFC 8058; with fields) or ``mailto:…``."""
    alerts: Address | None = None
    """The address that gets alerts of failures, bounces and complaints, by Amazon SNS."""
    tested: Observation | None = None
    """The deployed function sent a test e-mail: when, and to whom."""


class Observation(Section, frozen=True):
    """Evidence that a step was found done: when, and what was seen."""

    at: Moment
    words: str

    def __post_init__(self) -> None:
        """Escape the words: anybody may have written the file, and they are shown."""
        force_setattr(self, "words", printable(self.words))


StatusKey = Literal["todo", "working", "waiting", "attention", "done"]


class StepObservation(Observation, frozen=True):
    """The state of a step when it was last seen: when, and in words."""

    status: StatusKey = "done"


class Sandbox(Section, frozen=True):
    """What was tried while SES sends only to verified addresses."""

    address: Address | None = None
    """The user's own address, which SES verifies and test e-mails go to."""
    asked: Moment | None = None
    """When SES last sent the verification link, which is valid for 24 hours."""
    sent: Observation | None = None
    """A test e-mail was sent with the domain's identity: when, and to whom."""
    read: Observation | None = None
    """The headers of a received test e-mail: when, and what they say of SPF, DKIM and DMARC."""
    passed: bool = False
    """Whether SPF, DKIM and DMARC all passed for the domain itself."""

    @property
    def untried(self) -> Sandbox:
        """Only the address: results with another domain, account or Region do not count."""
        return Sandbox(address=self.address)


class Production(Section, frozen=True):
    """The request to leave the sandbox, and its outcome."""

    mail_type: Literal["TRANSACTIONAL", "MARKETING"] | None = None
    website: Url | None = None
    contacts: Annotated[tuple[Address, ...], Meta(max_length=4)] = ()
    language: Literal["EN", "JA"] = "EN"
    audience: str = ""
    """Who the recipients are and how they signed up, for the reviewers' questions."""
    case: Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?$")] = ""
    """The digest of the case text as the wizard wrote it: another text is the user's, and is kept."""
    asked: Moment | None = None
    """When the request was sent."""
    refused: Observation | None = None
    """AWS denied the request: when that was seen, and in which case."""
    put_off: Moment | None = None
    """When the user said "not now": nothing requests it until they resume."""
    granted: Moment | None = None
    """When production access was first seen, to notice if it is lost later."""

    @property
    def unasked(self) -> Production:
        """Only the request: its outcome in another account or Region does not count."""
        return replace(self, asked=None, refused=None, put_off=None, granted=None)


class Project(Section, frozen=True):
    """The whole file."""

    schema: Literal[1] = SCHEMA
    account: Account = field(default_factory=Account)
    domain: Domain = field(default_factory=Domain)
    identity: Identity = field(default_factory=Identity)
    reminder: Reminder = field(default_factory=Reminder)
    sandbox: Sandbox = field(default_factory=Sandbox)
    production: Production = field(default_factory=Production)
    progress: dict[StepName, StepObservation] = field(default_factory=dict)

    def seen_done(self, step: str, words: str, at: datetime) -> Project:
        """Return the project with the evidence that ``step`` is done."""
        return self.seen_so(step, StepObservation(at=at, words=words))

    def seen_so(self, step: str, seen: StepObservation) -> Project:
        """Return the project with the last known state of ``step``."""
        return replace(self, progress={**self.progress, StepName(step): seen})

    def not_done(self, step: str) -> Project:
        """Return the project without evidence for ``step``."""
        return replace(self, progress={key: seen for key, seen in self.progress.items() if key != step})

    def done(self, step: str) -> bool:
        """Whether ``step`` was done when it was last seen."""
        seen = self.progress.get(StepName(step))
        return seen is not None and seen.status == "done"


def load(path: Path) -> Project:
    """Load the project in the file at ``path``, or a new one if the file does not exist.

    Raises WizardError (exit code 2) with line and key if the file is not valid.
    """
    raw = read_bytes(path)
    return Project() if raw is None else parse(raw, path)


def read_bytes(path: Path) -> bytes | None:
    """Read the file at ``path``; None if it does not exist. Raises WizardError (exit code 2)."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WizardError(
            f"{path} could not be read",
            f"{error.strerror}.",
            "Make the file readable, then try again.",
            ExitCode.USAGE,
        ) from error
    if len(raw) > MAX_BYTES:
        raise _invalid(path, "It is larger than 1 MB, so it is not a project file.")
    return raw


def parse(raw: bytes, path: Path) -> Project:
    """Parse the bytes of a file; ``path`` is only for messages. Raises WizardError (exit code 2)."""
    import yaml

    try:
        loader = yaml.SafeLoader(raw)
        node = loader.get_single_node()
        repeated = _repeated_key(node)
        content = loader.construct_document(node) if node and not repeated else None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _invalid(path, _syntax_error(error)) from error
    if repeated:
        key, first, second = repeated
        raise _invalid(path, f"{_line(second)}{key}: the key is already in line {first + 1}.")
    if content is None:
        return Project()
    if isinstance(content, dict) and isinstance(content.get("schema"), int) and content["schema"] > SCHEMA:
        raise WizardError(
            f"{path} was written by a newer ses-wizard",
            f"{_line(_line_of(node, ['schema']))}schema is {content['schema']}, and this version reads "
            f"{SCHEMA}. The file was not changed.",
            "Update ses-wizard, then try again.",
            ExitCode.USAGE,
        )
    if isinstance(content, dict) and "schema" not in content:
        raise _invalid(path, "Line 1: the key schema is missing (it should say: schema: 1).")
    try:
        return _migrated(msgspec.convert(content, Project, strict=True))
    except msgspec.ValidationError as error:
        problem, keys = _explain(str(error))
        where = ".".join(str(key) for key in keys) or "the file"
        raise _invalid(path, f"{_line(_line_of(node, keys))}{where}: {problem}.") from error


def _migrated(project: Project) -> Project:
    """Migrate ``project``: earlier versions kept the test e-mail as the reminder's progress."""
    if project.reminder.tested or not project.done("reminder"):
        return project
    seen = project.progress[StepName.REMINDER]
    return replace(project, reminder=replace(project.reminder, tested=Observation(at=seen.at, words="")))


def save(project: Project, path: Path) -> None:
    """Write ``project`` to ``path`` atomically, readable only by the user.

    Raises WizardError if the existing file is not valid (then it is left alone) or cannot be written.
    """
    load(path)
    write_whole(path, as_yaml(project))


def takes(project: Project) -> bool:
    """Whether ``project`` could be loaded again after it was saved.

    A half-typed value may be invalid, and saving it would lock the user out.
    """
    text = as_yaml(project).encode()
    if len(text) > MAX_BYTES:
        return False
    try:
        parse(text, DEFAULT_FILE)
    except WizardError:
        return False
    return True


def as_yaml(project: Project) -> str:
    """Return ``project`` as YAML, with multi-line text as editable blocks."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Our own class: a representer added to yaml's would change it for everybody."""

        def ignore_aliases(self, data: object) -> bool:
            """Write repeated values in full, not as ``*id001``."""
            return True

    def represent(dumper: Dumper, text: str) -> yaml.ScalarNode:
        # PyYAML reads other line breaks back as \n unless they are escaped, as in double quotes.
        style = '"' if re.search("[\x85\u2028\u2029]", text) else "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, represent)
    content = msgspec.to_builtins(project, builtin_types=(datetime,))
    body = yaml.dump(
        {"schema": SCHEMA, **content}, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return f"{HEADER}\n{body}"


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` atomically. Raises WizardError."""
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise WizardError(
            f"{path} could not be written",
            f"{error.strerror or error}. The file was not changed.",
            "Free disk space on its drive."
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else "Make the file and its folder writable.",
        ) from error


@contextmanager
def only_wizard(path: Path) -> Iterator[None]:
    """Hold the lock of the file at ``path``; any thread can release it.

    Raises WizardError if another wizard holds it.
    """
    import filelock

    lock = filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise WizardError(
            f"Another ses-wizard is open on {path}",
            "Two wizards on one file would undo each other's work.",
            "Close the other one, or use `--file` to name another file.",
        ) from error
    except OSError as error:
        raise WizardError(
            f"The folder of {path} cannot be used",
            f"{error.strerror}.",
            "Start in a folder you can write to, or use `--file` to name a file elsewhere.",
            ExitCode.USAGE,
        ) from error
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)


def _invalid(path: Path, what: str) -> WizardError:
    return WizardError(
        f"{path} is not valid", what, "Fix that line, or move the file away to start over.", ExitCode.USAGE
    )


def _line(number: int | None) -> str:
    return "" if number is None else f"Line {number + 1}: "


_SYNTAX = (
    ("mapping values are not allowed", "a second `:` in one value: put the value in quotes"),
    (
        "that cannot start any token",
        "a tab or another character that YAML does not allow: indent with spaces",
    ),
    ("could not find expected ':'", "expected `key: value`"),
    ("did not find expected", "the indentation does not fit the lines above"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("unhashable key", "a value that begins with `{{`: put the value in quotes"),
)
"""PyYAML's messages for common mistakes, and what they mean."""
_TYPES = {
    "object": "settings, each as `key: value`",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "datetime": "a date and time with its time zone",
}


def _syntax_error(error: Exception) -> str:
    """Return what is wrong with invalid YAML, and its line."""
    problem = str(getattr(error, "problem", None) or "")
    context, begun = str(getattr(error, "context", None) or ""), getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None)
    if begun and ("flow" in context or "quoted" in context):
        return f"{_line(begun.line)}a bracket or quote that opens here is not closed."
    words = next((words for said, words in _SYNTAX if said in problem), problem or "it is not YAML in UTF-8")
    return f"{_line(mark.line) if mark else ''}{words}."


def _explain(message: str) -> tuple[str, list[str | int]]:
    """Return a msgspec message as (problem in words, keys of the value)."""
    problem, _, path = message.partition(" - at `")
    keys: list[str | int] = [
        int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path.rstrip("`"))
    ]
    unknown = re.match(r"Object contains unknown field `(.*)`", problem)
    if unknown:
        return "there is no such setting", [*keys, unknown.group(1)]
    for pattern, words in _SHAPES.values():
        if f"regex {pattern!r}" in problem:
            return f"expected {words}", keys
    if types := re.fullmatch(r"Expected `([\w| ]+)`, got `(\w+)`", problem):
        wanted = next(kind for kind in types[1].split(" | ") if kind != "null")
        return f"expected {_TYPES.get(wanted, wanted)}, found {_TYPES.get(types[2], types[2])}", keys
    if limit := re.fullmatch(r"Expected `int` ([<>]=) (\d+)", problem):
        return f"expected a whole number of {limit[2]} or {'less' if limit[1] == '<=' else 'more'}", keys
    if "RFC3339" in problem:
        return "expected a date and time with its time zone, such as 2027-01-31T09:00:00Z", keys
    if value := re.fullmatch(r"Invalid enum value (.*)", problem):
        return f"{value[1]} is not one of the values that config.example.yaml names", keys
    return problem[0].lower() + problem[1:].replace("`", "").replace(" | null", ""), keys


def _repeated_key(node: yaml.Node | None) -> tuple[str, int, int] | None:
    """Return a key that a mapping has twice, and both lines (from 0): PyYAML silently drops the first."""
    import yaml

    waiting, seen = [node], set[int]()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue  # An alias refers to a node that was already visited.
        seen.add(id(one))
        lines: dict[object, int] = {}
        if isinstance(one, yaml.MappingNode):
            for key, value in one.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in lines:
                        return printable(str(key.value), 100), lines[key.value], key.start_mark.line
                    lines[key.value] = key.start_mark.line
                waiting.append(value)
        elif isinstance(one, yaml.SequenceNode):
            waiting += one.value
    return None


def _line_of(node: yaml.Node | None, keys: list[str | int]) -> int | None:
    """Return the line (from 0) of the value at ``keys``, or of its closest existing parent."""
    import yaml

    line = node.start_mark.line if node else None
    for key in keys:
        children: Mapping[object, yaml.Node] = {}
        lines: dict[object, int] = {}
        if isinstance(node, yaml.MappingNode):
            children = {name.value: value for name, value in node.value}
            lines = {name.value: name.start_mark.line for name, _ in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
            lines = {index: child.start_mark.line for index, child in enumerate(node.value)}
        if key not in children:
            return line
        node, line = children[key], lines[key]
    return line
