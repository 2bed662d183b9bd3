using System.Globalization;
using System.Net;
using Sandbox.Server.Api;

namespace Sandbox.Server.Lifecycle;

/// <summary>The options of <c>sandboxd serve</c>.</summary>
internal sealed record ServeOptions
{
    private const string IdleVariable = "SANDBOX_IDLE_EXIT_SECONDS";
    private const string DefaultIdleSeconds = "600";
    private const string PoolSizeVariable = "SANDBOX_POOL_SIZE";
    private const string DefaultPoolSize = "1";
    private const int MaxPoolSize = 64;
    private const string InsecureOption = "--insecure";

    /// <summary>Gets the descriptor for the ready message, if any.</summary>
    public int? ReadyDescriptor { get; private init; }

    /// <summary>Gets the time without requests after which the server exits.</summary>
    public TimeSpan IdleExit { get; private init; }

    /// <summary>Gets the number of pre-started sandboxes.</summary>
    public int PoolSize { get; private init; }

    /// <summary>Gets the TCP address to listen at besides the socket, if any.</summary>
    public IPEndPoint? Listen { get; private init; }

    /// <summary>Parses the command line, without the verb, and environment variables.</summary>
    /// <exception cref="ArgumentException">An option is unknown or has an invalid value.</exception>
    public static ServeOptions Parse(ReadOnlySpan<string> arguments)
    {
        ServeOptions options = new()
        {
            IdleExit = Seconds(IdleVariable, Variable(IdleVariable) ?? DefaultIdleSeconds),
            PoolSize = Count(PoolSizeVariable, Variable(PoolSizeVariable) ?? DefaultPoolSize, MaxPoolSize),
        };
        bool isInsecure = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == InsecureOption)
            {
                isInsecure = true;
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new ArgumentException($"'{name}' needs a value.");
            options = name switch
            {
                "--ready-fd" => options with { ReadyDescriptor = Count(name, value, int.MaxValue) },
                "--idle-exit" => options with { IdleExit = Seconds(name, value) },
                "--pool-size" => options with { PoolSize = Count(name, value, MaxPoolSize) },
                "--listen" => options with { Listen = Address(value) },
                _ => throw new ArgumentException($"'{name}' is not an option of 'serve'. Options: --ready-fd, --idle-exit, --pool-size, --listen, --insecure."),
            };
        }

        return options.Listen is not { } listen || isInsecure || IPAddress.IsLoopback(listen.Address)
            ? options
            : throw new ArgumentException(
                $"--listen http://{listen} would send the API key and all data unencrypted over the network. "
                + "Listen on 127.0.0.1 behind a TLS proxy or an SSH tunnel, "
                + $"or add {InsecureOption} if the network is trusted.");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static TimeSpan Seconds(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and < int.MaxValue / 1000
            ? TimeSpan.FromSeconds(seconds)
            : throw Invalid(name, value);

    private static int Count(string name, string value, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= max ? count : throw Invalid(name, value);

    private static IPEndPoint Address(string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ApiKey.Variable)))
        {
            throw new ArgumentException(
                $"--listen requires an API key, else anybody who can reach the port could use the server. Set the environment variable {ApiKey.Variable}.");
        }

        return Uri.TryCreate(value, UriKind.Absolute, out Uri? uri) && uri.Scheme == Uri.UriSchemeHttp && uri.PathAndQuery == "/"
            && IPAddress.TryParse(uri.IdnHost == "localhost" ? "127.0.0.1" : uri.IdnHost, out IPAddress? address)
                ? new IPEndPoint(address, uri.Port)
                : throw Invalid("--listen", value);
    }

    private static ArgumentException Invalid(string name, string value) =>
        new($"'{value}' is not a valid value for {name}. Examples: --ready-fd 3, --idle-exit 600, --pool-size 1, --listen http://127.0.0.1:8080.");
}
