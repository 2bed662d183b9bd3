namespace Sandbox.Protocol;

/// <summary>Validation of time limits: whole milliseconds, from 1 to the maximum of a timer (49 days).</summary>
public static class TimeLimit
{
    private const long Maximum = uint.MaxValue - 1;

    /// <summary>Validates a time limit.</summary>
    /// <param name="milliseconds">The limit; null for none.</param>
    /// <param name="field">The field's name, for the error.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static void Require(long? milliseconds, string field)
    {
        if (milliseconds is <= 0 or > Maximum)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"'{field}' is {milliseconds}. Use a number of milliseconds from 1 to {Maximum}.");
        }
    }
}
