"""Addresses that lead where no stranger may send us, spelled in every way known."""

LOCAL_SPELLINGS = (
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.0.0.1."),
    *("2130706433", "0x7f000001", "017700000001", "0x7f.1", "0177.1", "0x7f.0.0.1", "0177.0.0.1"),
    *("0x7F.0x0.0x0.0x1", "127.0x0.1", "00000177.0.0.1", "0", "0.0", "0x0", "00"),
    *("localhost", "LOCALHOST", "localhost.", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]"),
    # Full stops and digits that IDNA folds into plain ones.
    *("127\u30020\u30020\u30021", "127\uff0e0\uff0e0\uff0e1", "\uff11\uff12\uff17.0.0.1"),
    *("\u2460\u2461\u2466.\u24ea.\u24ea.\u2460", "\uff4cocalhost", "loc\u24d0lhost"),
)
"""Hosts that the system's own resolver leads to this machine, or that nobody may read so."""

PRIVATE_ADDRESSES = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1"),
    *("100.64.0.1", "100.127.255.254", "169.254.169.254", "169.254.170.2", "168.63.129.16"),
    *("192.0.0.1", "192.0.0.9", "192.0.0.10", "192.0.0.192", "192.0.2.1", "192.88.99.1"),
    *("198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.1", "100.100.100.200"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "0.1.2.3"),
    *("::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::ffff:8.8.8.8", "::10.0.0.1", "::8.8.8.8"),
    *("::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808"),
    *("64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1"),
    *("2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1"),
    *("3fff::1", "5f00::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1"),
    *("fec0::1", "ff02::1", "ff0e::1", "::2", "4000::1"),
)
"""What a name may resolve to, none of it on the public network."""

PUBLIC_ADDRESSES = (
    *("8.8.8.8", "1.1.1.1", "93.184.215.14", "223.255.255.254", "172.32.0.1", "100.128.0.1"),
    *("2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2400:3200::1"),
)

FORBIDDEN_URLS = (
    "https://user@files.example/a.jpg",
    "https://user:word@files.example/a.jpg",
    "https://files.example@127.0.0.1/a.jpg",
    "https://files.example:8443/a.jpg",
    "https://files.example:22/a.jpg",
    "http://files.example/a.jpg",
    "http://files.example:443/a.jpg",
    "ftp://files.example/a.jpg",
    "file:///etc/passwd",
    "gopher://files.example/",
    "unix:///var/run/docker.sock",
)
"""Refused without any look-up."""
