using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>What a request to run something may say.</summary>
internal static class ExecRules
{
    /// <summary>Checks a request.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>, <see cref="ErrorCodes.Unsupported"/>.</exception>
    public static void Require(ExecRequest request)
    {
        RequestFields.RequireNone(request.Unknown);
        if (request.Command is null && request.Argv is null or { Length: 0 })
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "argv must be a non-empty array, or 'command' a text for the shell.");
        }

        if (request.Command is not null && request.Argv is not null)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Give either 'argv' or 'command', not both.");
        }

        if (request.Stdin is not null && request.StdinOpen)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Give either 'stdin' or 'stdinOpen', not both.");
        }

        foreach (string text in request.Argv ?? [request.Command!])
        {
            if (text is null || text.Contains('\0'))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, text is null
                    ? "argv must hold texts only, and one is null."
                    : "A command cannot contain a NUL character. Pass such data through standard input.");
            }
        }

        if (request.Cwd?.Contains('\0') == true)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "A directory's name cannot contain a NUL character.");
        }

        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        TimeLimit.Require(request.TimeoutMs, "timeout_ms");
    }
}
