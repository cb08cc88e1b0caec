"""The open project file, saved without undoing edits that others make meanwhile."""

from __future__ import annotations

import errno
from pathlib import Path

from msgspec.structs import replace

from wizard.errors import WizardError
from wizard.project.merge import Merged, merge
from wizard.project.schema import Project, as_yaml, only_wizard, parse, read_bytes, save, write_whole


class ProjectFile:
    """The file at ``path`` as it was last read or written here. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = Project()
        self._raw: bytes | None = None

    def read(self) -> Project:
        """Read the project in the file; a new one if the file does not exist. Raises WizardError."""
        raw = read_bytes(self.path)
        self._known, self._raw = Project() if raw is None else parse(raw, self.path), raw
        return self._known

    def edited(self) -> bool:
        """Whether the file changed since it was last read or written here. Raises WizardError."""
        raw = read_bytes(self.path)
        return raw is not None and raw != self._raw

    def save(self, mine: Project) -> Merged:
        """Write ``mine``, merged with others' changes since the file was last read or written here.

        If both changed the same field, the file keeps theirs: ask, then save again. A deleted file is written
        again. Raises WizardError if the file is not valid (then it is left alone) or cannot be written.
        """
        raw = read_bytes(self.path)
        missing = raw is None
        theirs = self._known if raw is None or raw == self._raw else parse(raw, self.path)
        merged = merge(self._known, mine, theirs)
        if merged.project != theirs or (missing and merged.project != Project()):
            text = as_yaml(merged.project)
            write_whole(self.path, text)
            raw = text.encode()
        self._known, self._raw = merged.project, raw
        return merged


def save_copy(project: Project, path: Path, typed: str) -> Path:
    """Save ``project`` of the file at ``path`` to the new file ``typed`` and return its path.

    Relative paths in the project become absolute. Raises WizardError.
    """
    try:
        new = Path(typed).expanduser()
        if not new.name or new.exists():
            raise FileExistsError(errno.EEXIST, "A file or folder of this name exists")
    except (OSError, RuntimeError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise WizardError(
            f"{typed} cannot be written", f"{what}.", "Enter the path of a new file."
        ) from error
    recipients = project.reminder.recipients
    if recipients:
        absolute = str((path.parent / recipients).resolve())
        project = replace(project, reminder=replace(project.reminder, recipients=absolute))
    with only_wizard(new):
        save(project, new)
    return new
