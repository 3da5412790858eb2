// wineseh.dll: Wine 8 leaves stale frames in a thread's list of exception frames when CoreCLR unwinds past them; the next exception walks that list
// and may hang. Before it does, the list is cut at the first frame that can't be one. Only the programs of the tests load it.
#include <cstring>
#include <windows.h>

struct Frame
{
    Frame* previous;
    void* handler;
};

// Only Wine's own libraries make such frames, and each says behind its first header that it is Wine's. What lies on a stack otherwise may well be an
// address in the code of the runtime.
static bool is_code_of_wine(void* address)
{
    static const char mark[] = "Wine builtin DLL";
    MEMORY_BASIC_INFORMATION found;
    constexpr DWORD executable = PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
    return VirtualQuery(address, &found, sizeof found) && found.Type == MEM_IMAGE && (found.Protect & executable)
        && memcmp((char*)found.AllocationBase + sizeof(IMAGE_DOS_HEADER), mark, sizeof mark - 1) == 0;
}

// A frame lies between what the raising code uses of the stack and the stack's end, each above the one before.
static bool is_frame(Frame* frame, ULONG_PTR above)
{
    auto address = (ULONG_PTR)frame;
    auto* thread = (NT_TIB*)NtCurrentTeb();
    return address >= above && address % alignof(Frame) == 0 && address <= (ULONG_PTR)thread->StackBase - sizeof(Frame) && is_code_of_wine(frame->handler);
}

static LONG CALLBACK cut_stale_frames(EXCEPTION_POINTERS* raised)
{
    auto* const end_of_list = (Frame*)~(ULONG_PTR)0;
    auto** link = (Frame**)&((NT_TIB*)NtCurrentTeb())->ExceptionList;
    for (ULONG_PTR above = raised->ContextRecord->Rsp; *link != end_of_list; link = &(*link)->previous)
    {
        if (!is_frame(*link, above))
        {
            *link = end_of_list;
            break;
        }
        above = (ULONG_PTR)*link + sizeof(Frame);
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

BOOL WINAPI DllMain(HINSTANCE, DWORD reason, void*)
{
    if (reason == DLL_PROCESS_ATTACH)
        AddVectoredExceptionHandler(TRUE, cut_stale_frames);
    return TRUE;
}
