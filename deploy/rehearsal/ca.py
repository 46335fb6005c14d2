"""A certificate authority of the rehearsal's own, and one server certificate for loopback.

The keys are for this machine only; nothing here may ever be trusted by a system store.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files: the CA to trust, and the server's certificate and private key."""

    ca: Path
    certificate: Path
    key: Path


def certificates(folder: Path, now: datetime) -> Certificates:
    """Return the certificates in *folder*, made anew when there are none or they end within 30 days of *now* (UTC).

    Safe to call twice: the second call re-uses the files. Raises OSError when *folder* cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    if not _still_good(found, now):
        _make(found, now)
    return found


def _still_good(found: Certificates, now: datetime) -> bool:
    if not all(path.exists() for path in (found.ca, found.certificate, found.key)):
        return False
    server = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    return server.not_valid_after_utc - RENEW_BEFORE > now


def _make(wanted: Certificates, now: datetime) -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Offline Seeding rehearsal CA")])
    ca = _authority(ca_name, ca_key, now)
    key = ec.generate_private_key(ec.SECP256R1())
    server = _server(ca_name, ca_key, key, now)
    wanted.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    wanted.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    wanted.key.touch(mode=0o600)
    wanted.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _started(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
    )


def _authority(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _started(name, name, key.public_key(), now)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def _server(
    ca_name: x509.Name, ca_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    builder = _started(subject, ca_name, key.public_key(), now)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(issuer_key, critical=False)
    return builder.sign(ca_key, hashes.SHA256())


def today() -> datetime:
    """Return the real time in UTC: certificates and tokens live on the real clock, everything else on the world's."""
    return datetime.now(UTC)
