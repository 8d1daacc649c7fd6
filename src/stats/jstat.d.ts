declare module 'jstat' {
  interface Distribution {
    cdf(x: number, freedom: number): number
    pdf(x: number, freedom: number): number
    inv(p: number, freedom: number): number
  }
  const jstat: { jStat: { studentt: Distribution } }
  export default jstat
}
