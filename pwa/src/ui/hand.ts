/** Hands a file over to the phone: its share sheet where it has one, else a download. */

/** Never throws: a person who closes the share sheet has changed their mind. */
export async function handOver(file: File): Promise<void> {
  const touch = matchMedia('(pointer: coarse)').matches
  if (touch && navigator.canShare?.({ files: [file] })) {
    const shared = await navigator.share({ files: [file] }).then(() => true, (e: unknown) => (e as Error).name === 'AbortError')
    if (shared) return
  }
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = file.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
