"""The large providers of mailboxes: an address there says nothing about who its owner works for."""

from __future__ import annotations

# Providers that have a domain in many countries, by the name before it: hotmail.com, hotmail.no, hotmail.co.uk.
_NAMES = frozenset({"aol", "gmail", "gmx", "googlemail", "hotmail", "live", "msn", "outlook", "yahoo", "yandex"})
# fmt: off
_DOMAINS = frozenset(
    {
        "126.com", "163.com", "arcor.de", "bluewin.ch", "bredband.net", "btinternet.com", "comcast.net", "cox.net",
        "duck.com", "email.com", "fastmail.com", "fastmail.fm", "free.fr", "freenet.de", "getmail.no", "hey.com",
        "hushmail.com", "icloud.com", "inbox.com", "interia.pl", "jubii.dk", "kpnmail.nl", "laposte.net", "libero.it",
        "lycos.com", "mac.com", "mail.com", "mail.dk", "mail.ee", "mail.ru", "mailbox.org", "me.com", "naver.com",
        "o2.pl", "ofir.dk", "online.no", "op.pl", "orange.fr", "pm.me", "posteo.de", "proton.me", "protonmail.ch",
        "protonmail.com", "qq.com", "rediffmail.com", "rocketmail.com", "seznam.cz", "sfr.fr", "sky.com", "skynet.be",
        "spray.se", "start.no", "suomi24.fi", "sympatico.ca", "t-online.de", "talktalk.net", "tele2.no", "tele2.se",
        "telenet.be", "telia.com", "terra.com.br", "tiscali.it", "tuta.com", "tutanota.com", "uol.com.br",
        "verizon.net", "virgilio.it", "virginmedia.com", "wanadoo.fr", "web.de", "wp.pl", "xs4all.nl", "ya.ru",
        "ymail.com", "ziggo.nl", "zoho.com",
    }
)
# fmt: on


def is_public(domain: str) -> bool:
    """Tell whether anybody can have a mailbox in this domain, which is in lower case."""
    name, _, ending = domain.partition(".")
    return domain in _DOMAINS or (name in _NAMES and len(ending) <= len("com.br"))
