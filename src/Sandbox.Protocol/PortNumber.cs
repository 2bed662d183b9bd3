using System.Globalization;

namespace Sandbox.Protocol;

/// <summary>The rule for ports: 1 to 65535.</summary>
public static class PortNumber
{
    /// <summary>The smallest.</summary>
    public const int Smallest = 1;

    /// <summary>The largest.</summary>
    public const int Largest = 65_535;

    /// <summary>Returns a valid port as it is.</summary>
    /// <param name="port">The port.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is none.</exception>
    public static int Require(int port) => port is >= Smallest and <= Largest ? port : throw Invalid(port.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads a port.</summary>
    /// <param name="text">The port, as an address has it.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is none.</exception>
    public static int Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= Smallest and <= Largest ? port : throw Invalid(text);

    private static ApiException Invalid(string text) =>
        new(ErrorCodes.InvalidRequest, $"'{(text.Length > 20 ? text[..20] + "…" : text)}' is not a port. Use a number from {Smallest} to {Largest}.");
}
