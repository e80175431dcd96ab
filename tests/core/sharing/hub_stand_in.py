"""A Hub on 127.0.0.1 that speaks the calls huggingface_hub makes for creating, uploading, listing and downloading."""

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "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"


@dataclass
class Repository:
    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: int = 0

    @property
    def sha(self) -> str:
        return hashlib.sha1(f"commit {self.commits}".encode()).hexdigest()


@dataclass
class Hub:
    """What the stand-in holds, and what it was asked."""

    address: str = ""
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str, bool]] = field(default_factory=list)
    lose: str = ""  # a file that the Hub takes and does not keep
    fail: dict[str, int] = field(default_factory=dict)  # part of a path → status to answer with

    def put(self, kind: str, name: str, files: dict[str, bytes], *, private: bool = False) -> Repository:
        created = Repository(private, dict(files), 1)
        self.repositories[kind, name] = created
        return created


@contextlib.contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_POST(self) -> None:
        path = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self._failed(path):
            return
        if not self._known():
            self._json(401, {"error": "Invalid credentials"})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._json(200, {"errors": [], "warnings": []})
        elif result := re.fullmatch(r"/api/(model|dataset)s/([^/]+/[^/]+)/preupload/main", path):
            files = [
                {
                    "path": item["path"],
                    "uploadMode": "lfs" if item["path"].endswith((".safetensors", ".parquet")) else "regular",
                    "shouldIgnore": False,
                    "oid": None,
                }
                for item in json.loads(body)["files"]
            ]
            self._json(200 if (result[1], result[2]) in self.hub.repositories else 404, {"files": files})
        elif path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {
                    **item,
                    "authenticated": True,
                    "actions": {"upload": {"href": f"{self.hub.address}/objects/{item['oid']}"}},
                }
                for item in json.loads(body)["objects"]
            ]
            self._json(200, {"transfer": "basic", "objects": objects})
        elif result := re.fullmatch(r"/api/(model|dataset)s/([^/]+/[^/]+)/commit/main", path):
            self._commit(result[1], result[2], body)
        else:
            self._json(404, {"error": "no such call"})

    def do_PUT(self) -> None:
        path = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        oid = path.rsplit("/", 1)[-1]
        if hashlib.sha256(body).hexdigest() != oid:
            self._json(400, {"error": "other content"})
            return
        self.hub.objects[oid] = body
        self._json(200, {})

    def do_GET(self) -> None:
        path = self._asked()
        if self._failed(path):
            return
        if result := re.fullmatch(r"/api/(model|dataset)s/([^/]+/[^/]+)(/revision/.+)?", path):
            self._info(result[1], result[2])
        else:
            self._file(path, with_body=True)

    def do_HEAD(self) -> None:
        self._file(self._asked(), with_body=False)

    def _asked(self) -> str:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, "Authorization" in self.headers))
        return path

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _failed(self, path: str) -> bool:
        status = next((status for part, status in self.hub.fail.items() if part in path), 0)
        if status:
            # A careless server that repeats what it was sent: no message of ours may pass it on.
            self._json(status, {"error": f"refused {self.headers.get('Authorization')}"})
        return bool(status)

    def _create(self, text: dict[str, Any]) -> None:
        kind, name = text.get("type", "model"), f"{text['organization']}/{text['name']}"
        where = {"url": f"{self.hub.address}/{'datasets/' if kind == 'dataset' else ''}{name}"}
        if (kind, name) in self.hub.repositories:
            self._json(409, {**where, "error": "You already created this repo"})
            return
        private = text.get("private") or text.get("visibility") == "private"
        self.hub.repositories[kind, name] = Repository(bool(private))
        self._json(200, where)

    def _commit(self, kind: str, name: str, body: bytes) -> None:
        repository = self.hub.repositories[kind, name]
        for line in body.splitlines():
            content = json.loads(line)
            value = content["value"]
            if content["key"] == "file":
                repository.files[value["path"]] = base64.b64decode(value["content"])
            elif content["key"] == "lfsFile":
                repository.files[value["path"]] = self.hub.objects[value["oid"]]
            elif content["key"] == "deletedFile":
                repository.files.pop(value["path"])
        repository.files.pop(self.hub.lose, None)
        repository.commits += 1
        self._json(
            200,
            {
                "commitUrl": f"{self.hub.address}/{name}/commit/{repository.sha}",
                "commitOid": repository.sha,
                "pullRequestUrl": None,
            },
        )

    def _info(self, kind: str, name: str) -> None:
        repository = self.hub.repositories.get((kind, name))
        if repository is None or (repository.private and not self._known()):
            self._json(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return
        siblings = []
        for path, content in repository.files.items():
            item: dict[str, Any] = {"rfilename": path, "size": len(content)}
            if path.endswith((".safetensors", ".parquet")):
                sha256 = hashlib.sha256(content).hexdigest()
                item["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
            siblings.append(item)
        text = {"id": name, "sha": repository.sha, "private": repository.private, "siblings": siblings}
        self._json(200, {**text, "tags": [], "downloads": 0, "likes": 0})

    def _file(self, path: str, *, with_body: bool) -> None:
        match = re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        repository = self.hub.repositories.get(("dataset" if match[1] else "model", match[2])) if match else None
        if match is None or repository is None or match[3] not in repository.files:
            self._json(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
            return
        content = repository.files[match[3]]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", repository.sha)
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def _json(self, status: int, text: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
