"""Which proxy the environment names for an address, and whether it can be used; this machine is reached without one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from img2music.errors import BackendError, MissingPackageError
from img2music.models.model_spec import LOCAL_HOSTS

__all__ = ["Proxy", "proxy_for"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; its address may hold a password and goes into no message."""

    url: str
    variable: str
    """What names it: HTTPS_PROXY, or the system's settings."""

    def check(self) -> None:
        """Whether it is of a kind that can be used here.

        Raises:
            MissingPackageError: a SOCKS proxy without the package for it. BackendError: another kind, or no address.
        """
        scheme = self.url.partition("://")[0].lower()
        if scheme in {"socks5", "socks5h"}:
            if find_spec("socksio") is None:
                raise MissingPackageError(
                    f"{self.variable} names a SOCKS proxy, which needs socksio: pip install 'httpx[socks]', or unset {self.variable}"
                )
        elif scheme not in {"http", "https"}:
            raise BackendError(
                f"{self.variable} names a proxy of the kind {scheme[:20]!r}, which can't be used; write it as http://HOST:PORT or "
                f"socks5://HOST:PORT, or unset {self.variable}"
            )


def proxy_for(address: str) -> Proxy | None:
    """The proxy that the environment names for `address` (HTTPS_PROXY, ALL_PROXY, NO_PROXY ...); None for none."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in LOCAL_HOSTS or proxy_bypass(host):
        return None
    proxies = getproxies()
    for scheme in (parts.scheme, "all"):
        if proxies.get(scheme):
            return Proxy(_with_scheme(proxies[scheme]), _variable(scheme))
    return None


def _with_scheme(url: str) -> str:
    """As HTTP clients want it: desktops write "socks://" for SOCKS 5, and people leave "http://" out."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return f"http://{url}"
    return f"socks5://{rest}" if scheme.lower() == "socks" else url


def _variable(scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), "the proxy of the system's settings")
