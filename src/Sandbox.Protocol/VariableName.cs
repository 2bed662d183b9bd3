using System.Collections.Frozen;

namespace Sandbox.Protocol;

/// <summary>Validation of environment variables. Names are those of shells: letters, digits and <c>_</c>, not starting with a digit.</summary>
public static class VariableName
{
    // Bash does not allow to set these.
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create("UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO");

    /// <summary>Whether the name is valid.</summary>
    public static bool IsValid(string? name)
    {
        if (string.IsNullOrEmpty(name) || char.IsAsciiDigit(name[0]))
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Validates the names and values of variables.</summary>
    /// <param name="variables">The variables; null for none.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> with the first invalid name, never a value.</exception>
    public static void RequireAll(IReadOnlyDictionary<string, string?>? variables)
    {
        foreach ((string name, string? value) in variables ?? new Dictionary<string, string?>())
        {
            if (!IsValid(name))
            {
                throw new ApiException(ErrorCodes.InvalidRequest,
                    $"'{name}' cannot name an environment variable. Use letters, digits and '_', not starting with a digit.");
            }

            if (Reserved.Contains(name))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is kept by the shell for itself and cannot be set.");
            }

            if (value is not null && value.Contains('\0'))
            {
                throw new ApiException(ErrorCodes.InvalidRequest,
                    $"The value of the environment variable '{name}' contains a NUL character, which no environment can hold.");
            }
        }
    }
}
