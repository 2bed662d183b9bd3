using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sandbox.Protocol;

namespace Sandbox.Hosting;

/// <summary>The web server's settings.</summary>
internal static class KestrelSetup
{
    /// <summary>Uses Kestrel with <see cref="InlineSocketScheduling"/>, for streams of any length and speed.</summary>
    /// <param name="configure">Sets where it listens, and what else differs.</param>
    public static IWebHostBuilder UseSandboxKestrel(this IWebHostBuilder builder, Action<KestrelServerOptions> configure) =>
        builder.UseKestrelCore().UseSockets(InlineSocketScheduling.Enable).ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestLineSize = PathText.LongestRequestLine;

            // A reader may be arbitrarily slow: the command is paused instead of the connection being closed.
            options.Limits.MinResponseDataRate = null;
            options.Limits.MinRequestBodyDataRate = null;
            configure(options);
        });
}
