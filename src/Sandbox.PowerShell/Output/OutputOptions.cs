namespace Sandbox;

/// <summary>How commands' output is emitted.</summary>
/// <param name="Form">The output format.</param>
/// <param name="StandardError">What becomes of standard error.</param>
/// <param name="Prefix">Whether each line begins with the place it comes from.</param>
/// <param name="Limit">The maximum number of bytes to collect.</param>
/// <param name="NonZeroIsError">Whether an exit code that is not zero is an error.</param>
internal sealed record OutputOptions(OutputFormat Form, StandardErrorAction StandardError, bool Prefix, long Limit, bool NonZeroIsError);
