// Pictures between a citizen and an agent: what a row says of its picture, how one is read and
// shown, and how a photograph of a telephone is made small enough to send.

import { inject, type InjectionKey } from 'vue'
import { ApiError } from './api'
import { t } from './words'

export interface PictureInfo {
  width: number; height: number
  /** Its time is over. */
  gone: boolean
  /** It could not be fetched from where the citizen sent it. */
  missing: boolean
}

/** What a row's data says of its picture; null for a row without one. */
export function pictureOf(data: unknown): PictureInfo | null {
  const p = data && typeof data === 'object' ? (data as { picture?: unknown }).picture : undefined
  if (!p || typeof p !== 'object') return null
  const { width, height, gone, missing } = p as { [name: string]: unknown }
  return { width: Number(width) || 0, height: Number(height) || 0, gone: gone === true, missing: missing === true }
}

/** Reads the picture of a row as the address of an image; fails with an ApiError. */
export type PictureSource = (seq: number, small: boolean) => Promise<string>
export const pictureSource: InjectionKey<PictureSource> = Symbol('pictures')
const nowhere: PictureSource = () => Promise.reject(new ApiError({ code: 'not_found', message: t('这里看不了图片。') }))
export const usePictures = (): PictureSource => inject(pictureSource, nowhere)

/** A file as an address that an image may have under our content security policy. */
export function address(file: Blob): Promise<string> {
  return new Promise((done, fail) => {
    const reader = new FileReader()
    reader.onload = () => done(String(reader.result))
    reader.onerror = () => fail(new ApiError({ code: 'bad_request', message: t('图片打不开，请重新选择。') }))
    reader.readAsDataURL(file)
  })
}

/** Files that may be chosen. The server looks at the content whatever the file is called. */
export const accepted = 'image/jpeg,image/png,image/webp,image/gif'
/** The most that the server reads, in bytes. */
export const mostBytes = 5 * 1024 * 1024
const smallEnough = 1024 * 1024
const mostPixels = 4 * 1024 * 1024

/** The largest size of the same shape with at most so many pixels. */
export function fit(width: number, height: number, most = mostPixels): { width: number; height: number } {
  const f = Math.min(1, Math.sqrt(most / Math.max(1, width * height)))
  return { width: Math.max(1, Math.round(width * f)), height: Math.max(1, Math.round(height * f)) }
}

/**
 * Makes a large picture smaller before it is sent: a telephone's photograph is larger than the server
 * takes, and mobile data cost money. What cannot be made smaller is sent as it is.
 */
export async function shrink(file: Blob): Promise<Blob> {
  if (file.size <= smallEnough || !turnsPhotographs()) return file
  try {
    const image = await load(await address(file))
    const size = fit(image.naturalWidth, image.naturalHeight)
    const canvas = document.createElement('canvas')
    canvas.width = size.width
    canvas.height = size.height
    const brush = canvas.getContext('2d')
    if (!brush || !canvas.toBlob) return file
    brush.fillStyle = '#ffffff'
    brush.fillRect(0, 0, size.width, size.height)
    brush.drawImage(image, 0, 0, size.width, size.height)
    const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85))
    return smaller && smaller.size < file.size ? smaller : file
  } catch {
    return file
  }
}

/** Older engines draw a photograph as the camera was held, and what says how goes with the metadata. */
function turnsPhotographs(): boolean {
  return typeof CSS !== 'undefined' && !!CSS.supports && CSS.supports('image-orientation', 'from-image')
}

function load(from: string): Promise<HTMLImageElement> {
  return new Promise((done, fail) => {
    const image = new Image()
    image.onload = () => done(image)
    image.onerror = () => fail(new Error('not a picture'))
    image.src = from
  })
}
