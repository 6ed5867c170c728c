using Pinion.Cpu.Decode;
using Pinion.Cpu.Jit;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Being looked at by <see cref="Checkpoints"/>.</content>
public sealed unsafe partial class ProcessingElement
{
    private ulong _lastLook;

    // What the last unit began with, while there is a look after each.
    private ulong _unitPc;
    private CompiledBlock? _unit;

    /// <summary>The block that the PE has just executed, where it is in its window and executed one; the address where it began anyway.</summary>
    public (ulong Address, CompiledBlock? Block) LastUnit => (_unitPc, _unit);

    private void ExecuteToCheckpoint(Checkpoints checkpoints, ulong n)
    {
        if (checkpoints.IsInWindow(Configuration.Index, Executed))
        {
            ExecuteUnit(n);
        }
        else
        {
            Execute(Math.Min(n, checkpoints.Interval - (Executed % checkpoints.Interval)));
        }
    }

    private void LookIfDue(Checkpoints checkpoints)
    {
        if (Executed != _lastLook && (Executed % checkpoints.Interval == 0 || checkpoints.IsInWindow(Configuration.Index, Executed)))
        {
            _lastLook = Executed;
            _recorder?.Settle();
            checkpoints.At(this);
        }
    }

    /// <summary>One pass of the block at Pc, or one instruction.</summary>
    private void ExecuteUnit(ulong n)
    {
        Pe* s = State;
        _unitPc = s->Pc;
        _unit = null;
        if (Code.Native is NativeCode native && !NeedsCare && _spu is null or { Enabled: false })
        {
            s->Leave = 0;
            Rec* ip = Lookup();
            if (ip == null)
            {
                return;
            }

            Rec* page = s->CodeBase;
            int index = (int)(ip - page);
            ulong length = NativePage.Lengths(page)[index];
            if (!native.Has(page, index))
            {
                native.Compile(s, page, index);
            }
            else if (length <= n)
            {
                _unit = native.BlockAt(s, page, index);
                int el = s->El;
                native.TryRun(s, ip, (long)length, Executed, out long done);
                Account((ulong)done, el);
                return;
            }
        }

        Execute(1);
    }
}
