"""Names of files that are lawful on Linux and in a bucket, and that programs stumble over: what a drive must carry.

Each may stand for a file or for a folder. What no drive can carry is not here: `rules.names.refusal` says why. Nor is
what becomes another name in the bucket: all are in normal form C.
"""

NAMES = (
    # blanks, where trimming would make two names one
    " ",
    "  ",
    " before",
    "after ",
    "in  between",
    "\u00a0no break",
    "\u3000wide",
    "zero\u200bwidth",
    "\ufeffbyte order mark",
    # dots and dashes
    "...",
    "....txt",
    ".hidden",
    "ends with dot.",
    "-rf",
    "--help",
    "-",
    "~",
    "~user",
    # shells, globs, format strings
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "$HOME",
    "$(reboot)",
    "`reboot`",
    "!!",
    "a;b&c|d<e>f",
    "it's",
    '"quoted"',
    "back\\slash",
    "\\",
    "%s%n%d",
    "{0.__class__}",
    # URLs, XML, JSON, SQL
    "%",
    "%2e%2e%2f",
    "%00",
    "100%",
    "a+b c",
    "a?b=c&d#e",
    "#",
    "@at:colon,comma=equals",
    "http:",
    "<a>&amp;]]>",
    "&#x41;",
    '{"key": null}',
    "null",
    "NaN",
    "true",
    "0",
    "1e1000",
    "Robert'); DROP TABLE synced;--",
    "versionId=null",
    "uploads",
    # our own words
    "bucketdrive",
    ".bucketdrive.txt",
    "root.json",
    "quarantine",
    "tmp",
    "report (conflict laptop 0123abcd).txt",
    "report (conflict laptop 0123abcd 2).txt",
    # Windows: devices, alternative streams, short names
    "CON",
    "nul.txt",
    "COM1",
    "a:b",
    "PROGRA~1",
    # two names on Linux, one elsewhere
    "Case",
    "case",
    "CASE",
    "caf\u00e9",
    "stra\u00dfe",
    "strasse",
    "\u0130stanbul",
    "i\u0307stanbul",
    "\u00c5ngstr\u00f6m",
    "\uff21full width",
    # other scripts, both directions, beyond the first plane, not assigned, for private use
    "\u65e5\u672c\u8a9e.txt",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u202egnp.exe",
    "\u0e01\u0e33",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "\U0010ffff",
    "\ue000",
    "\ufffd",
    "\u0085next line",
    "\u2028line separator",
    "Z\u0351\u036b\u036a\u0302\u036b\u033d\u034f",
    # as long as can be: 255 bytes
    "n" * 255,
    "\u00fc" * 127 + "u",
    "\U0001f600" * 63 + "abc",
    "e" * 251 + ".txt",
)


def deep_path(size: int) -> str:
    """A path of `size` bytes, of parts that are as long as can be."""
    parts, rest = divmod(size, 256)
    return "/".join(["d" * 255] * parts + ["f" * rest])
