"""SMTP users written straight to the store, and what SCRAM-SHA-256 makes of a password (RFC 5802, RFC 7677)."""

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import time

from sendward import PREFIX

ITERATIONS = 4096


def base64_of(data):
    return base64.b64encode(data if isinstance(data, bytes) else data.encode()).decode()


def crypt_hash(password):
    """{CRYPT} of it, by SHA-512: every OpenSSL makes that."""
    done = subprocess.run(["openssl", "passwd", "-6", "-salt", secrets.token_hex(4), "-stdin"], input=password,
                          capture_output=True, text=True, check=True)
    return "{CRYPT}" + done.stdout.strip()


def scram_keys(password, salt, iterations):
    """The client's key, the stored key and the server's key."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return client_key, hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")


def scram_text(password, salt=None, iterations=ITERATIONS):
    """A verifier as the store keeps it."""
    salt = salt or secrets.token_bytes(16)
    _, stored, server = scram_keys(password, salt, iterations)
    return f"{iterations}:{base64_of(salt)}:{base64_of(stored)}:{base64_of(server)}"


def write_secret(redis, username, password, with_scram=True, **fields):
    """Writes the hashes of a password as the username's record; more fields as there."""
    record = {"password": crypt_hash(password), "changed": int(time.time())}
    if with_scram:
        record["scram"] = scram_text(password)
    record.update(fields)
    redis.command("SET", f"{PREFIX}{{{username}}}:p", json.dumps(record))
