using System.Globalization;
using System.Net;
using Sandbox.Server.Api;

namespace Sandbox.Server.Lifecycle;

/// <summary>What <c>sandboxd serve</c> was told to do.</summary>
internal sealed record ServeOptions
{
    private const string IdleVariable = "SANDBOX_IDLE_EXIT_SECONDS";
    private const double DefaultIdleSeconds = 600;
    private const string PoolSizeVariable = "SANDBOX_POOL_SIZE";
    private const int DefaultPoolSize = 1;
    private const int MaxPoolSize = 64;

    /// <summary>The descriptor for the ready line, if one is wanted.</summary>
    public int? ReadyDescriptor { get; private init; }

    /// <summary>How long nobody calls until the server leaves.</summary>
    public TimeSpan IdleExit { get; private init; }

    /// <summary>How many sandboxes are started ahead.</summary>
    public int PoolSize { get; private init; }

    /// <summary>Where to listen besides the socket.</summary>
    public IPEndPoint? Listen { get; private init; }

    /// <summary>Reads the command line.</summary>
    /// <param name="arguments">What follows the command's name.</param>
    /// <exception cref="ArgumentException">It is not understood; the sentence says why.</exception>
    public static ServeOptions Parse(ReadOnlySpan<string> arguments)
    {
        ServeOptions options = new()
        {
            IdleExit = Seconds(IdleVariable, Environment.GetEnvironmentVariable(IdleVariable)),
            PoolSize = Count(PoolSizeVariable, Environment.GetEnvironmentVariable(PoolSizeVariable)),
        };
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new ArgumentException($"'{arguments[i]}' needs a value.");
            options = arguments[i] switch
            {
                "--ready-fd" => options with { ReadyDescriptor = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw Bad(arguments[i], value) },
                "--idle-exit" => options with { IdleExit = Seconds(arguments[i], value) },
                "--pool-size" => options with { PoolSize = Count(arguments[i], value) },
                "--listen" => options with { Listen = Address(value) },
                _ => throw new ArgumentException($"'{arguments[i]}' is not an option of 'serve'. Options: --ready-fd, --idle-exit, --pool-size, --listen."),
            };
        }

        return options;
    }

    private static TimeSpan Seconds(string name, string? value) =>
        string.IsNullOrEmpty(value) ? TimeSpan.FromSeconds(DefaultIdleSeconds)
        : double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < int.MaxValue / 1000
            ? TimeSpan.FromSeconds(seconds)
            : throw Bad(name, value);

    private static int Count(string name, string? value) =>
        string.IsNullOrEmpty(value) ? DefaultPoolSize
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MaxPoolSize ? count : throw Bad(name, value);

    private static IPEndPoint Address(string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ApiKey.Variable)))
        {
            throw new ArgumentException($"--listen needs an API key, since whoever reaches the port could use the server. Set the environment variable {ApiKey.Variable}.");
        }

        return Uri.TryCreate(value, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp && uri.PathAndQuery == "/"
            && IPAddress.TryParse(uri.IdnHost == "localhost" ? "127.0.0.1" : uri.IdnHost, out IPAddress? address)
                ? new IPEndPoint(address, uri.Port)
                : throw Bad("--listen", value);
    }

    private static ArgumentException Bad(string name, string value) =>
        new($"'{value}' is no value for {name}. Examples: --ready-fd 3, --idle-exit 600, --pool-size 1, --listen http://127.0.0.1:8080.");
}
