using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Sandbox.Hosting;

/// <summary>Serves requests on the threads that wait for sockets, of which there is one for each processor, instead of on pool threads.</summary>
/// <remarks>A short request that goes to a pool thread and back spends more time on waking threads than on anything else. One that may block must go
/// there.</remarks>
internal static class InlineSocketScheduling
{
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Enables it for this process. To be called before the first socket is created: the framework reads the variable once.</summary>
    public static void Enable() => Environment.SetEnvironmentVariable(Variable, "1");

    /// <summary>Continues a request on a pool thread.</summary>
    public static ConfiguredTaskAwaitable Leave() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    internal static void Enable(SocketTransportOptions options) => options.UnsafePreferInlineScheduling = true;
}
