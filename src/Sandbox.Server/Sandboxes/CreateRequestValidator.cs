using Sandbox.Protocol;

namespace Sandbox.Server.Sandboxes;

/// <summary>What a request for a new sandbox may say.</summary>
internal static class CreateRequestValidator
{
    private const int MostLabels = 64;
    private const int LongestLabelName = 128;
    private const int LongestLabelValue = 1024;

    /// <summary>Checks a request.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="ApiException">It is malformed, or asks for what this release cannot do.</exception>
    public static void Require(SandboxCreateRequest request)
    {
        RequestFields.RequireNone(request.Unknown);
        (string Name, bool Given)[] unsupported =
        [
            ("image", request.Image is not null), ("engine", request.Engine is not (null or "bubblewrap")), ("sleepAfter", request.SleepAfter is not null),
        ];
        foreach ((string name, _) in unsupported.Where(field => field.Given))
        {
            throw RequestFields.Unsupported(name);
        }

        if (request.Network is { } network && !SandboxNetworks.All.Contains(network))
        {
            throw new ApiException(ErrorCodes.Unsupported, $"There is no such 'network'. There are: {string.Join(", ", SandboxNetworks.All)}.");
        }

        if (request.Id is not null)
        {
            Identifier.Require(request.Id, "sandbox");
        }

        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        RequireLabels(request.Labels ?? []);
        request.Retention?.Require();
    }

    /// <summary>What the agent of the new sandbox has to know.</summary>
    /// <param name="request">The request.</param>
    public static AgentConfiguration ConfigurationOf(SandboxCreateRequest request) => new()
    {
        Env = WithoutNulls(request.Env),
        SecretEnv = WithoutNulls(request.SecretEnv),
        DefaultSession = request.DefaultSession,
        Retention = request.Retention,
    };

    private static void RequireLabels(Dictionary<string, string> labels)
    {
        if (labels.Count > MostLabels)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"A sandbox may have {MostLabels} labels, not {labels.Count}.");
        }

        foreach ((string name, string? value) in labels)
        {
            if (name.Length is 0 or > LongestLabelName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/'))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"A label's name has 1 to {LongestLabelName} letters, digits, '.', '_', '-' or '/'; one of these has not.");
            }

            if (value is null || value.Length > LongestLabelValue || value.Any(char.IsControl))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"The label '{name}' needs a value of at most {LongestLabelValue} characters, without control characters.");
            }
        }
    }

    private static Dictionary<string, string?>? WithoutNulls(Dictionary<string, string?>? variables) =>
        variables?.Where(variable => variable.Value is not null).ToDictionary();
}
