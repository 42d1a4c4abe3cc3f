"""Downloads a file exactly, through any number of breaks: python3 resume.py URL FILE"""

import http.client, os, re, sys, time, urllib.error, urllib.request
from pathlib import Path

url, file = sys.argv[1:]
part, tag_file = Path(f"{file}.part"), Path(f"{file}.tag")
size = lambda: part.stat().st_size if part.exists() else 0


def attempt():
    """Sends one request, and keeps the bytes of its response. Returns whether the part is the whole file."""
    tag = tag_file.read_text() if tag_file.exists() else ""
    have = size() if tag else 0
    # With If-Range, the response is the rest of this version, or else the whole of the current one.
    fields = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} | ({"If-Range": tag} if have else {})
    with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=30) as response:
        start, total, now = 0, response.headers["Content-Length"], response.headers["ETag"] or ""
        if response.status == 206:
            start, total = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers["Content-Range"]).groups()
        if int(start) != 0 and (int(start) != have or now != tag):
            return part.unlink()  # not the rest of what is here, so the next request begins again
        if total is None:
            sys.exit("the server does not say how long the file is")
        if int(start) == 0:
            part.write_bytes(b"")
            tag_file.write_text(now if now.startswith('"') else "")  # a weak tag does not name bytes
        with part.open("ab") as out:
            while chunk := response.read(65536):
                out.write(chunk)
    return size() == int(total)


failures, is_whole = 0, False
while failures < 10 and not is_whole:
    before = size()
    try:
        is_whole = attempt()
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code != 416:
            sys.exit(f"{url}: {error}")
        if error.code == 416:  # without bytes, or shorter than the part, which begins again
            part.write_bytes(b"")
            is_whole = error.headers["Content-Range"] == "bytes */0"
    except (OSError, http.client.HTTPException) as error:
        print(f"{size()} bytes, then {error}", file=sys.stderr)
    failures = 0 if size() > before else failures + 1
    if not is_whole:
        time.sleep(failures / 2)
if not is_whole:
    sys.exit("gave up after 10 failures in a row; the next start goes on")
os.replace(part, file)
tag_file.unlink(missing_ok=True)
