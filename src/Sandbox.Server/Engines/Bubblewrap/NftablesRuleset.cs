using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>What a sandbox on the internet must not reach, as packet filter rules for its own network. It has no rights over them.</summary>
/// <remarks>
/// Routes that lead nowhere would not do: a socket bound to the interface (SO_BINDTODEVICE, which needs no rights) passes by the routing table.
/// </remarks>
internal static class NftablesRuleset
{
    /// <summary>Who answers for names: slirp4netns passes questions on to the host's own resolver.</summary>
    public const string NameServer = "10.0.2.3";

    private static readonly string[] Closed =
    [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // the host, private, carrier's
        "169.254.0.0/16", "168.63.129.16/32", "192.0.0.0/24", // link-local and clouds' metadata
        "198.18.0.0/15", "224.0.0.0/3", // test gear, multicast and reserved
    ];

    /// <summary>The rules, in the language of <c>nft</c>.</summary>
    /// <param name="hostAddresses">The host's own addresses: what listens there may be closed to all others.</param>
    public static string Write(IEnumerable<IPAddress> hostAddresses)
    {
        IEnumerable<string> own = hostAddresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork).Select(address => $"{address}/32");
        return $$"""
            table inet sandbox {
              set closed { type ipv4_addr; flags interval; auto-merge; elements = { {{string.Join(", ", Closed.Concat(own))}} }; }
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

    /// <summary>All addresses of this host, as far as the server sees them now.</summary>
    public static IEnumerable<IPAddress> HostAddresses() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(address => address.Address);
}
