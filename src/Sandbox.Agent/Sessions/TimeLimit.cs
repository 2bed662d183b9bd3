using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The rule for time limits on the wire: whole milliseconds, at least 1, at most what a timer can hold (49 days).</summary>
internal static class TimeLimit
{
    private const long Maximum = uint.MaxValue - 1;

    /// <summary>Checks a limit.</summary>
    /// <param name="milliseconds">The limit; null is none.</param>
    /// <param name="field">Its name in the request.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static void Require(long? milliseconds, string field)
    {
        if (milliseconds is <= 0 or > Maximum)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"'{field}' is {milliseconds}. Use a number of milliseconds from 1 to {Maximum}.");
        }
    }
}
