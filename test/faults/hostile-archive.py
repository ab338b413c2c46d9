"""Writes an archive as no packager does: `hostile-archive.py tgz|whl FILE`, with its entries as JSON on standard input."""
import io
import json
import sys
import tarfile
import zipfile

kind, target = sys.argv[1:]
entries = json.load(sys.stdin)
TYPES = {"file": tarfile.REGTYPE, "symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}


def content(entry):
    return b"\0" * entry["zeros"] if "zeros" in entry else entry.get("text", "").encode("latin-1")


if kind == "tgz":
    # GNU's form takes names as they are, but for a NUL, which ends them.
    with tarfile.open(target, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry["name"])
            info.type = TYPES[entry["type"]]
            info.linkname = entry.get("link", "")
            info.mode = 0o644
            data = content(entry) if entry["type"] == "file" else b""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
else:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo("x")
            # The constructor would cut it at a NUL.
            info.filename = entry["name"]
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (0o120777 if entry["type"] == "symlink" else 0o100644) << 16
            archive.writestr(info, entry.get("link", "").encode() if entry["type"] == "symlink" else content(entry))
