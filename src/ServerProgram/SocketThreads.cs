using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Sandbox.ServerProgram;

/// <summary>Whether requests are served on the threads that wait for sockets, of which there is one a processor, or on pool threads.</summary>
/// <remarks>A short request that goes to a pool thread and back spends more time on waking threads than on anything else. One that may block must go there.</remarks>
internal static class SocketThreads
{
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>From now on requests begin on the sockets' threads. To be called before the first socket is made: the framework reads it once.</summary>
    public static void Serve() => Environment.SetEnvironmentVariable(Variable, "1");

    /// <summary>The same for the web server.</summary>
    /// <param name="options">Its options.</param>
    public static void Serve(SocketTransportOptions options) => options.UnsafePreferInlineScheduling = true;

    /// <summary>Goes on with a request on a pool thread.</summary>
    public static ConfiguredTaskAwaitable Leave() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
