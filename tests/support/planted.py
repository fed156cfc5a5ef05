"""What a stranger could leave where this program writes: folders that others can write, files of another account."""

import os

STRANGER = 12345


def opened_up(folder):
    """Let anybody write into a folder, as a stranger's would be; where tests run as root it becomes a stranger's."""
    folder.chmod(0o777)
    if os.geteuid() == 0:
        os.chown(folder, STRANGER, STRANGER)
    return folder


def tree(folder):
    """Return all that lies in a folder: links as where they lead, files as their bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return found
