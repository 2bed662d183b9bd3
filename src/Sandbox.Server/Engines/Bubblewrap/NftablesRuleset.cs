namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The packet filter rules in a sandbox's network: what a sandbox on the internet must not reach. The sandbox cannot change them.</summary>
/// <remarks>
/// Unreachable routes would not suffice: a socket bound to the interface (SO_BINDTODEVICE needs no privilege) bypasses the routing table.
/// </remarks>
internal static class NftablesRuleset
{
    /// <summary>slirp4netns forwards DNS queries to the host's resolver from this address.</summary>
    public const string NameServer = "10.0.2.3";

    /// <summary>The kernel's tables of routes.</summary>
    public const string AddressFile = "/proc/net/fib_trie";

    private static readonly string[] Blocked =
    [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // the host, private, carrier's
        "169.254.0.0/16", "168.63.129.16/32", "192.0.0.0/24", // link-local and clouds' metadata
        "198.18.0.0/15", "224.0.0.0/3", // test gear, multicast and reserved
    ];

    /// <summary>Returns the rules in the syntax of <c>nft</c>. They replace earlier ones in one step.</summary>
    /// <param name="own">The host's own addresses, as networks: services there may be closed to everybody else.</param>
    public static string Write(IEnumerable<string> own)
    {
        return $$"""
            table inet sandbox
            delete table inet sandbox
            table inet sandbox {
              set closed { type ipv4_addr; flags interval; auto-merge; elements = { {{string.Join(", ", Blocked.Concat(own))}} }; }
              chain output {
                type filter hook output priority 0; policy accept;
                oifname "lo" accept
                ip daddr {{NameServer}} udp dport 53 accept
                ip daddr {{NameServer}} tcp dport 53 accept
                ip daddr @closed reject with icmpx type admin-prohibited
                meta nfproto ipv6 reject with icmpx type admin-prohibited
              }
            }

            """;
    }

    /// <summary>Returns the rules for the addresses that the host has now.</summary>
    public static string ForHost() => Write(LocalNetworks(File.ReadLines(AddressFile)));

    /// <summary>Reads the networks whose packets the kernel delivers to this host from its tables of routes, in microseconds: .NET's list of interfaces takes
    /// milliseconds.</summary>
    /// <param name="tables">The lines of <see cref="AddressFile"/>.</param>
    public static IEnumerable<string> LocalNetworks(IEnumerable<string> tables)
    {
        const string node = "|-- ";
        string table = "", address = "";
        foreach (string line in tables)
        {
            string entry = line.Trim();
            if (entry == line)
            {
                table = line;
            }
            else if (entry.StartsWith(node, StringComparison.Ordinal))
            {
                address = entry[node.Length..];
            }
            else if (table == "Local:" && entry.EndsWith(" host LOCAL", StringComparison.Ordinal))
            {
                // Other tables may send whole networks through this host, for proxies.
                yield return address + entry[..entry.IndexOf(' ')];
            }
        }
    }
}
