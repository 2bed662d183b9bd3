using System.Globalization;

namespace Sandbox.Protocol;

/// <summary>Validation of port numbers: 1 to 65535.</summary>
public static class PortNumber
{
    /// <summary>The smallest port.</summary>
    public const int Smallest = 1;

    /// <summary>The largest port.</summary>
    public const int Largest = 65_535;

    /// <summary>Returns the port if it is valid.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is not valid.</exception>
    public static int Require(int port) => port is >= Smallest and <= Largest ? port : throw Invalid(port.ToString(CultureInfo.InvariantCulture));

    /// <summary>Parses a port.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is not valid.</exception>
    public static int Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= Smallest and <= Largest ? port : throw Invalid(text);

    private static ApiException Invalid(string text) =>
        new(ErrorCodes.InvalidRequest, $"'{(text.Length > 20 ? text[..20] + "…" : text)}' is not a port. Use a number from {Smallest} to {Largest}.");
}
