// wineseh.dll: Wine 8 leaves a stale frame at the head of a thread's list of exception frames when CoreCLR unwinds past it; the next exception
// walks that list and hangs. A frame below the stack pointer of the code that raises is stale. Only the test host loads this.
#include <windows.h>

static LONG CALLBACK forget_stale_frames(EXCEPTION_POINTERS* raised)
{
    constexpr ULONG_PTR end_of_list = ~(ULONG_PTR)0;
    auto* thread = (NT_TIB*)NtCurrentTeb();
    auto head = (ULONG_PTR)thread->ExceptionList;
    if (head != end_of_list && head < raised->ContextRecord->Rsp)
        thread->ExceptionList = (decltype(thread->ExceptionList))end_of_list;
    return EXCEPTION_CONTINUE_SEARCH;
}

BOOL WINAPI DllMain(HINSTANCE, DWORD reason, void*)
{
    if (reason == DLL_PROCESS_ATTACH)
        AddVectoredExceptionHandler(TRUE, forget_stale_frames);
    return TRUE;
}
