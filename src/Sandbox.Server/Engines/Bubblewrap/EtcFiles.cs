using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The files of a sandbox's <c>/etc</c> that are written for it; what else it needs is shown from the host, read-only.</summary>
internal static class EtcFiles
{
    /// <summary>Those written: by name, their content.</summary>
    public static readonly IReadOnlyList<(string Name, string Content)> All =
    [
        ("passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\nsandbox:x:1000:1000:sandbox:/home/sandbox:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
        ("group", "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n"),
        ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
        ("hostname", "sandbox\n"),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n"),
        ("resolv.none.conf", ""),
        ("resolv.internet.conf", $"nameserver {NftablesRuleset.NameServer}\n"),
    ];

    private const string Resolver = "resolv.conf";

    /// <summary>Where the files of a sandbox's <c>/etc</c> lie: by name, the path on the host.</summary>
    /// <param name="directory">Where <see cref="All"/> was written.</param>
    /// <param name="network">The sandbox's network, which says who answers for names.</param>
    public static IEnumerable<(string Name, string Path)> For(string directory, string network) =>
    [
        .. All.Where(file => !file.Name.StartsWith("resolv.", StringComparison.Ordinal)).Select(file => (file.Name, Path.Combine(directory, file.Name))),
        (Resolver, network == SandboxNetworks.Host ? "/etc/" + Resolver : Path.Combine(directory, $"resolv.{network}.conf")),
    ];

    /// <summary>Those shown from the host, where it has them: what programs below <c>/usr</c> rely on, nothing that tells of the host's users.</summary>
    public static readonly IReadOnlyList<string> FromHost =
    [
        "alternatives", "ssl/certs", "ssl/openssl.cnf", "ca-certificates", "ca-certificates.conf", "pki/tls/certs", "pki/ca-trust", "crypto-policies",
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "os-release", "mime.types", "services", "protocols", "terminfo", "fonts", "matplotlibrc",
    ];
}
