export function Logo() {
  return (
    <span className="flex items-center gap-2">
      <img src="/icon.svg" alt="" className="size-6" />
      <span className="text-[15px] font-semibold tracking-tight">Picket</span>
    </span>
  )
}
