using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The files of a sandbox's <c>/etc</c>: some are generated, the others are mounted read-only from the host.</summary>
internal static class EtcFiles
{
    /// <summary>The generated files.</summary>
    public static readonly IReadOnlyList<(string Name, string Content)> All =
    [
        ("passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\nsandbox:x:1000:1000:sandbox:/home/sandbox:/bin/bash\n"
            + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
        ("group", "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n"),
        ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
        ("hostname", "sandbox\n"),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n"),
        ("resolv.none.conf", ""),
        ("resolv.internet.conf", $"nameserver {NftablesRuleset.NameServer}\n"),
    ];

    private const string Resolver = "resolv.conf";

    /// <summary>Returns the generated files for a sandbox, with their paths on the host.</summary>
    /// <param name="directory">Where <see cref="All"/> was written.</param>
    /// <param name="network">The sandbox's network, which selects the resolver.</param>
    public static IEnumerable<(string Name, string Path)> For(string directory, string network) =>
    [
        .. All.Where(file => !file.Name.StartsWith("resolv.", StringComparison.Ordinal)).Select(file => (file.Name, Path.Combine(directory, file.Name))),
        (Resolver, network == SandboxNetworks.Host ? "/etc/" + Resolver : Path.Combine(directory, $"resolv.{network}.conf")),
    ];

    /// <summary>Returns the host's files that programs below <c>/usr</c> need, where they exist. None reveals the host's users or holds passwords, as
    /// <c>maven/settings.xml</c> or <c>pip.conf</c> may.</summary>
    public static IEnumerable<string> FromHost() => Named.Concat(Directory.GetDirectories("/etc", "java-*").Select(path => Path.GetFileName(path)));

    private static readonly string[] Named =
    [
        "alternatives", "ssl/certs", "ssl/openssl.cnf", "ca-certificates", "ca-certificates.conf", "pki/tls/certs", "pki/ca-trust", "crypto-policies",
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "os-release", "mime.types", "services", "protocols", "terminfo", "fonts", "matplotlibrc",
        "java", "maven/m2.conf", "maven/logging", "manpath.config", "man_db.conf", "groff",
    ];
}
