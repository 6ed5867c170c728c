using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// Marks the meaning of one operation. The generator makes of each marked method a member of the enum <c>Op</c>, a tail-call threaded handler and
/// a case of the switch core. The signature tells what kind it is:
/// <list type="bullet">
/// <item><c>void M(Pe* s, Rec* r)</c>: cannot fault, goes on with the next instruction.</item>
/// <item><c>bool M(Pe* s, Rec* r)</c>: false leaves the chain: the method has set <c>Pe.Pc</c> and <c>Pe.Leave</c> (see <c>Exits</c>).</item>
/// <item><c>bool M&lt;TMem&gt;(Pe* s, Rec* r)</c>: reaches memory through <c>TMem</c> (see <c>IMemory</c>).</item>
/// </list>
/// <see cref="BranchAttribute"/> and <see cref="IndirectAttribute"/> mark the two kinds of branch, <see cref="FastAttribute"/> common cases.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OpAttribute : Attribute;

/// <summary><c>bool M(Pe* s, Rec* r)</c>: a direct branch; true takes it to <c>pc + r->Imm</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BranchAttribute : Attribute;

/// <summary><c>ulong M(Pe* s, Rec* r)</c>: a branch to the address returned.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class IndirectAttribute : Attribute;

/// <summary>
/// <c>bool M(Pe* s, Rec* r)</c>: the common case of the operation <paramref name="otherwise"/>. False means that nothing was changed and that operation
/// has to do it; the handler jumps there, so the common case needs no stack frame.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FastAttribute(string otherwise) : Attribute
{
    public string Otherwise { get; } = otherwise;
}

internal static class Inline
{
    /// <summary>For operations short enough to stand inside their handler. Long ones are called.</summary>
    public const MethodImplOptions Hot = MethodImplOptions.AggressiveInlining;
}
