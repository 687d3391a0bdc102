"""A client of the policy delegation protocol, for requests that Postfix makes but no mail client can provoke."""

import socket

# What Postfix sends with every request; a case says what differs.
ATTRIBUTES = {
    "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
    "client_address": "127.0.0.5", "client_name": "unknown", "client_port": "40000", "reverse_client_name": "unknown",
    "server_address": "127.0.0.1", "server_port": "587", "helo_name": "client.example", "sender": "", "recipient": "",
    "recipient_count": "0", "queue_id": "", "instance": "", "size": "0", "etrn_domain": "", "stress": "",
    "sasl_method": "PLAIN", "sasl_username": "", "sasl_sender": "", "ccert_subject": "", "ccert_issuer": "",
    "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "TLSv1.3",
    "encryption_cipher": "TLS_AES_256_GCM_SHA384", "encryption_keysize": "256", "policy_context": "",
}


class PolicyClient:
    """One connection to the policy daemon."""

    def __init__(self, path, limit_s=30):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(limit_s)
        self._socket.connect(path)
        self._stream = self._socket.makefile("rwb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()
        self._socket.close()

    def ask(self, **attributes):
        """One request; returns the action, the text behind "action="."""
        lines = [f"{name}={value}" for name, value in {**ATTRIBUTES, **attributes}.items()]
        self._stream.write(("\n".join(lines) + "\n\n").encode("utf-8"))
        self._stream.flush()
        answer = self._stream.readline().decode("utf-8")
        if not answer.startswith("action=") or self._stream.readline() != b"\n":
            raise ConnectionError(f"not an answer of the policy protocol: {answer!r}")
        return answer[len("action="):].rstrip("\n")
